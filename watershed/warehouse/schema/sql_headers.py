"""The comment header of an SQL file, which declares what the query below it makes: `-- field: text`, a line each."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from watershed.declarations.tags import verify_tags
from watershed.errors import InvalidInput

LINE = re.compile(r"^-- (?P<field>\w+)(?: (?P<column>\w+))?: (?P<text>.+)$")


class HeaderBroken(InvalidInput):
    """An SQL file declares something that cannot be."""


@dataclass(frozen=True)
class HeaderColumn:
    """`-- column name: description`, which ends in `(personal)` where values are masked; `-- tags name: one, two`."""

    name: str
    description: str
    personal: bool
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    fields: dict[str, str]
    columns: tuple[HeaderColumn, ...]

    def names(self, field: str) -> tuple[str, ...]:
        """The comma-separated names of a field, none where it is missing."""
        return split_names(self.fields.get(field, ""))


def read_header(file_name: str, text: str, required: set[str]) -> Header:
    """Read the lines that open a file. Raises HeaderBroken when a field is missing, or a tag is wrong."""
    fields: dict[str, str] = {}
    columns: list[HeaderColumn] = []
    tags: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if (match := LINE.match(line)) is None:
            break
        if match["field"] == "column":
            columns.append(HeaderColumn(match["column"], match["text"], match["text"].endswith("(personal)")))
        elif match["field"] == "tags" and match["column"]:
            tags[match["column"]] = split_names(match["text"])
        else:
            fields[match["field"]] = match["text"]
    if missing := required - set(fields):
        raise HeaderBroken(f"{file_name}: its header lacks {', '.join(sorted(missing))}")
    verify_header_tags(file_name, [split_names(fields.get("tags", "")), *tags.values()])
    if unknown := set(tags) - {column.name for column in columns}:
        raise HeaderBroken(f"{file_name}: tags of {min(unknown)}, which is not a column")
    return Header(fields, tuple(replace(column, tags=tags.get(column.name, ())) for column in columns))


def split_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def verify_header_tags(file_name: str, tags: Iterable[tuple[str, ...]]) -> None:
    try:
        verify_tags((tag for own in tags for tag in own), file_name)
    except ValueError as error:
        raise HeaderBroken(str(error)) from None


class Reader(Protocol):
    @property
    def address(self) -> str: ...


Declared = TypeVar("Declared", bound=Reader)


def order_by_reads(declared: Iterable[Declared], reads: Callable[[Declared], Iterable[str]]) -> tuple[Declared, ...]:
    """Each after those of the others that it reads. Raises HeaderBroken when they read each other in a circle."""
    waiting = {d.address: d for d in declared}
    ordered: list[Declared] = []
    while waiting:
        ready = [d for d in waiting.values() if not set(reads(d)) & (set(waiting) - {d.address})]
        if not ready:
            raise HeaderBroken(f"these read each other in a circle: {', '.join(sorted(waiting))}")
        ordered += ready
        waiting = {address: d for address, d in waiting.items() if d not in ready}
    return tuple(ordered)
