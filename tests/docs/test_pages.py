"""Documentation that is wrong is worse than none: commands, files, settings and targets that pages name exist."""

import argparse
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.house import ROOMS
from tests.docs.page import REPOSITORY, read_blocks, split_console
from watershed.cli.main import build_parser, find_commands

PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("models/*/*.md")])
NAMES = [page.relative_to(REPOSITORY).as_posix() for page in PAGES]
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
ROOM = f"(?:{'|'.join((*ROOMS, 'tests', 'docs', 'sample'))})"
PATH = re.compile(rf"^(?:{ROOM}/[\w./*<>-]*|[\w-]+\.(?:md|cfg|toml|txt|in|py)|Makefile|NOTICE|LICENSE)$")
# What a page makes, and what others have.
MADE = ("player_errors", "photo_comments", "broken_links", "cosine", "weekday", "star_files")
MADE += ("webserver_config.py", "results.md")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_are_what_the_command_line_takes(page: Path) -> None:
    consoles = [block.text for block in read_blocks(page) if block.language == "console"]
    shown = [shlex.split(command.partition(" | ")[0]) for text in consoles for command, _ in split_console(text)]
    for words in shown:
        if words[0] == "watershed":
            try:
                build_parser().parse_args(words[1:])
            except SystemExit as stop:
                pytest.fail(f"{shlex.join(words)} is not understood ({stop})")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_named_in_the_text_exist(page: Path) -> None:
    """There a command may be cut short: its name and its options must be known."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    commands = find_commands()
    for named in INLINE.findall(text):
        if not named.startswith("watershed "):
            continue
        name, *words = [word for word in shlex.split(named)[1:] if word != "--debug"]
        if words and f"{name} {words[0]}" in commands:
            name = f"{name} {words.pop(0)}"
        assert name.startswith("--") or name in commands, named
        for option in (word for word in words if word.startswith("--")):
            assert option in read_help(commands[name]), named


def read_help(command: ModuleType) -> str:
    """Of a command, and of the actions that it has."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    acts = [one.choices for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return "".join([parser.format_help(), *(act.format_help() for choices in acts for act in choices.values())])


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
    """Files that a name may mean; `<name>` stands for any. A bare name may be that of a file in any room."""
    spelled = re.sub(r"<\w+>", "*", pattern).rstrip("/")
    folders = [REPOSITORY, page.parent, *(REPOSITORY / room for room in ROOMS)]
    return [found for folder in folders for found in folder.glob(spelled)]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)`", page.read_text())) <= targets


def test_every_command_is_mentioned() -> None:
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
