"""docs/add_a_source.md, followed to the letter in a copy of the repository."""

import shlex
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

import pytest

from tests.checkout import Checkout, copy_repository
from tests.docs.page import REPOSITORY, Block, read_blocks, split_console
from tests.empty_lake import EmptyLake

PAGE = REPOSITORY / "docs" / "add_a_source.md"


@pytest.mark.servers
def test_the_first_half_hour_goes_as_the_page_says(lake: EmptyLake, tmp_path: Path) -> None:
    checkout = copy_repository(tmp_path / "watershed")
    blocks = read_blocks(PAGE)
    assert {block.language for block in blocks} == {"text", "console", "diff"}
    for block in blocks:
        follow(block, checkout)


def follow(block: Block, checkout: Checkout) -> None:
    """Save a file, edit one, or run the commands and compare what they print."""
    if block.language == "console":
        for command, shown in split_console(block.text):
            done = checkout.run(*shlex.split(command))
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            compare(command, shown, done.stdout)
    else:
        assert block.name, f"no sentence names the file of\n{block.text}"
        path = checkout.path / block.name
        path.write_text(edit(path.read_text(), block.text) if block.language == "diff" else block.text)


def edit(text: str, diff: str) -> str:
    """The text with the lines of a diff that start with `+` instead of those that start with `-`."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] or "\n" for line in lines if line[0] != "+")
    after = "".join(line[1:] or "\n" for line in lines if line[0] != "-")
    assert text.count(before) == 1, f"not found once:\n{before}\nin\n{text}"
    return text.replace(before, after)


def compare(command: str, shown: str, printed: str) -> None:
    """Spaces at the ends of lines do not count, and `...` is anything."""
    same = OutputChecker().check_output(shown, printed, ELLIPSIS | NORMALIZE_WHITESPACE)
    assert same, f"$ {command}\nthe page shows\n{shown}\nand it prints\n{printed}"
