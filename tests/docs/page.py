"""A documentation page as a test reads it: code blocks in order, commands apart from what they print."""

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([^`]+)`:\s*\Z")


@dataclass(frozen=True)
class Block:
    """A fenced code block. `name` is that of the file it shows, where the sentence before it ends in "`name`:"."""

    language: str
    text: str
    name: str | None


def read_blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [Block(found[1], found[2], find_name(text[: found.start()])) for found in BLOCK.finditer(text)]


def find_name(before: str) -> str | None:
    named = NAMED.search(before)
    return named[1] if named else None


def split_console(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, which start with `$ `, each with what it prints."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))
