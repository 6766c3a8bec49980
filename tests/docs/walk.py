"""Follow a page in a copy of the repository: save its files, edit them, run its commands, compare what they print."""

import shlex
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker

from tests.checkout import Checkout
from tests.docs.page import Block, split_console


def follow(block: Block, checkout: Checkout, prefix: str = "") -> None:
    """Do what one block says. `prefix`: what stands before the names of a test's own topics."""
    if block.language == "console":
        for command, shown in split_console(block.text):
            done = checkout.run(*shlex.split(command))
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            compare(command, shown, done.stdout.replace(prefix, "") if prefix else done.stdout)
    else:
        assert block.name, f"no sentence names the file of\n{block.text}"
        path = checkout.path / block.name
        path.parent.mkdir(exist_ok=True)
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
