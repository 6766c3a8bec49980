"""Documentation that is wrong is worse than none: commands, files, settings and targets that pages name exist."""

import re
import shlex
from pathlib import Path

import pytest

from stack.cli import build_parser
from tests.architecture.house import ROOMS
from tests.docs.page import REPOSITORY, read_blocks, split_console

PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("models/*/*.md")])
NAMES = [page.relative_to(REPOSITORY).as_posix() for page in PAGES]
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
ROOM = f"(?:{'|'.join((*ROOMS, 'tests', 'docs', 'sample'))})"
PATH = re.compile(rf"^(?:{ROOM}/[\w./*<>-]*|[\w-]+\.(?:md|cfg|toml|txt|in|py)|Makefile|NOTICE|LICENSE)$")
# What the page on adding a source makes, and what a run leaves behind.
MADE = ("player_errors", "generated/")


def list_commands(page: Path) -> list[str]:
    """Every `watershed ...` of a page, in the text and in console blocks, without what is only meant as a pattern."""
    consoles = [block.text for block in read_blocks(page) if block.language == "console"]
    shown = [command for text in consoles for command, _ in split_console(text)]
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    named = [*shown, *INLINE.findall(text)]
    return sorted({command for command in named if command.startswith("watershed ")})


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_are_what_the_command_line_takes(page: Path) -> None:
    for command in list_commands(page):
        words = shlex.split(command.partition(" | ")[0])[1:]
        known = build_parser()
        if len(words) == 1:  # a command by its name alone
            assert words[0] in known.format_help(), command
            continue
        try:
            known.parse_args(words)
        except SystemExit as stop:
            pytest.fail(f"{page.name}: `{command}` is not understood ({stop})")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_files_that_are_named_exist(page: Path) -> None:
    named = {text for text in INLINE.findall(page.read_text()) if PATH.match(text) and not any(m in text for m in MADE)}
    missing = [text for text in sorted(named) if not find_files(page, text)]
    assert missing == []


def find_files(page: Path, pattern: str) -> list[Path]:
    """Files that a name may mean; `<name>` stands for any."""
    spelled = re.sub(r"<\w+>", "*", pattern).rstrip("/")
    return [found for folder in (REPOSITORY, page.parent) for found in folder.glob(spelled)]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)`", page.read_text())) <= targets


def test_every_command_is_mentioned() -> None:
    from stack.cli import find_commands

    text = "\n".join(page.read_text() for page in PAGES)
    missing = [name for name in find_commands() if name != "demo" and f"watershed {name}" not in text]
    assert missing == []


def test_every_page_is_reachable_from_the_readme() -> None:
    reached, waiting = set(), {REPOSITORY / "README.md"}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = {(page.parent / target).resolve() for target in LINK.findall(page.read_text())}
        folders = {path for target in targets if target.is_dir() for path in target.glob("*.md")}
        waiting |= {path for path in targets | folders if path.suffix == ".md"} - reached
    assert set(PAGES) - reached == set()
