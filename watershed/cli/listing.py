"""Listings: rows under names, as a table that fits the terminal, as CSV, or as JSON. Every command that lists has them.

A table takes the width of the terminal (80 columns where there is none; COLUMNS says otherwise). A text that does not
fit is wrapped inside its column, between words: a name or a command between backticks stays in one piece, to be copied,
unless no line has room for it. Where there are too many columns for that, each row is a block of lines. A duration is a
number of seconds in CSV and JSON.
"""

import argparse
import csv
import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from textwrap import wrap
from typing import Any

from watershed.declarations.counting import format_span

FORMS = ("table", "csv", "json")
GAP = 2
NARROWEST = 12  # that a column of texts is made before rows become blocks
DECIMALS = 4  # at most
COMMAND = re.compile("`[^`]+`")
KEPT = "\xa0"  # in place of a space that no line ends at; a text's own is escaped
NUMBERS = ({int}, {float}, {int, float})
NAMES = {"snapshot", "version", "pid", "port", "partition", "line", "computed_from"}  # numbers that count nothing


@dataclass(frozen=True)
class Listing:
    """Rows under the names of their columns. `name` says what they are, `title` says more. `brief`: the columns that a
    table has in a terminal that is too narrow for all of them."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    brief: Sequence[str] = ()
    title: str = ""

    def shorten(self) -> "Listing":
        places = [self.columns.index(name) for name in self.brief]
        return Listing(self.name, self.brief, [[row[n] for n in places] for row in self.rows])


@dataclass(frozen=True)
class Layout:
    """A listing as texts, with the width of each column; None where they do not fit the terminal."""

    columns: Sequence[str]
    cells: list[list[str]]
    is_number: list[bool]
    widths: list[int] | None


def add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMS, default="table", help="how to print (default table)")


def print_listings(form: str, *listings: Listing) -> None:
    """Several follow each other, each after an empty line; as JSON they are one object, by their names."""
    if form == "json":
        print_json(listings)
    for place, listing in enumerate(listings if form != "json" else ()):
        if place:
            print()
        if form == "csv":
            print_csv(listing)
        else:
            print_table(listing)


def print_json(listings: Sequence[Listing]) -> None:
    found = {
        listing.name: [dict(zip(listing.columns, map(to_json, row), strict=True)) for row in listing.rows]
        for listing in listings
    }
    shown = found if len(listings) > 1 else found[listings[0].name]
    print(json.dumps(shown, ensure_ascii=False, indent=1))


def to_json(value: Any) -> Any:
    if isinstance(value, timedelta):
        return round(value.total_seconds())
    return value if isinstance(value, bool | int | float | str | dict | list) or value is None else str(value)


def print_csv(listing: Listing) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(listing.columns)
    writer.writerows([format_field(value) for value in row] for row in listing.rows)


def format_field(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return round(value.total_seconds())
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def print_table(listing: Listing) -> None:
    title = listing.title or listing.name
    print_wrapped(title if listing.rows else f"{title}: none")
    if not listing.rows:
        return
    layout, left = lay_out(listing), []
    if layout.widths is None and listing.brief:
        layout, left = lay_out(listing.shorten()), [name for name in listing.columns if name not in listing.brief]
    for line in format_table(layout) if layout.widths else format_blocks(layout):
        print(line)
    if left:
        print_wrapped(f"({', '.join(left)}: in a wider terminal, or with --format csv or json)")


def lay_out(listing: Listing) -> Layout:
    columns = list(zip(*listing.rows, strict=True))
    is_number = [{type(value) for value in column} - {type(None)} in NUMBERS for column in columns]
    decimals = [max((count_decimals(value) for value in column), default=0) for column in columns]
    cells = [
        [format_cell(*given) for given in zip(listing.columns, row, decimals, strict=True)] for row in listing.rows
    ]
    least = [find_least(*given) for given in zip(listing.columns, columns, zip(*cells, strict=True), strict=True)]
    return Layout(listing.columns, cells, is_number, fit_widths(listing.columns, cells, least))


def count_decimals(value: Any) -> int:
    """How many a number is shown with: those of a column all have the most."""
    return len(f"{value:.{DECIMALS}f}".rstrip("0").partition(".")[2]) if isinstance(value, float) else 0


def find_least(name: str, values: Sequence[Any], cells: Sequence[str]) -> int:
    """The least width of a column: numbers stay whole, and so do words that a line has room for, but those of JSON."""
    if {type(value) for value in values} - {type(None)} in NUMBERS:
        return max(len(name), *map(len, cells))
    pieces = [len(piece) for cell in cells for piece in keep_commands(cell).split(" ")]
    is_json = any(isinstance(value, dict | list) for value in values)
    whole = [length for length in pieces if length <= read_width() and not is_json]
    return max(len(name), min(NARROWEST, max(pieces)), *whole)


def format_cell(name: str, value: Any, decimals: int = DECIMALS) -> str:
    """A value on one line."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value) if name in NAMES else f"{value:,}"
        case float():
            return f"{value:,.{max(1, decimals)}f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return value.isoformat()
        case timedelta():
            return format_span(value)
        case _:
            text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
            return escape(" ".join(text.split()))


def escape(text: str) -> str:
    """What would move a terminal's cursor, or hide what stands there, is shown instead."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def read_width() -> int:
    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def fit_widths(columns: Sequence[str], cells: list[list[str]], least: list[int]) -> list[int] | None:
    """Of every column; the widest texts give way. None where that does not do."""
    widths = [max(len(name), *(len(row[n]) for row in cells)) for n, name in enumerate(columns)]
    room = read_width() - GAP * (len(widths) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max((n for n in range(len(widths)) if widths[n] > least[n]), key=widths.__getitem__)
        widths[widest] -= 1
    return widths


def format_table(layout: Layout) -> Iterator[str]:
    for cells in (list(layout.columns), *layout.cells):
        yield from format_row(cells, layout.widths or [], layout.is_number)


def format_row(cells: Sequence[str], widths: list[int], is_number: list[bool]) -> Iterator[str]:
    wrapped = [wrap_text(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped))):
        parts = [lines[number] if number < len(lines) else "" for lines in wrapped]
        placed = zip(parts, widths, is_number, strict=True)
        texts = [part.rjust(width) if is_right else part.ljust(width) for part, width, is_right in placed]
        yield (" " * GAP).join(texts).rstrip()


def format_blocks(layout: Layout) -> Iterator[str]:
    """A line or more for each value, behind its name."""
    width = max(map(len, layout.columns))
    for number, row in enumerate(layout.cells):
        if number:
            yield ""
        for name, cell in zip(layout.columns, row, strict=True):
            first, *more = wrap_text(cell, read_width() - width - GAP)
            yield f"{name:<{width}}{' ' * GAP}{first}".rstrip()
            yield from (" " * (width + GAP) + line for line in more)


def wrap_text(text: str, width: int) -> list[str]:
    """Its lines, one at least. A command stays on one, and words are not cut, unless they are too long for it."""
    whole = keep_commands(escape(text), width)
    return [line.replace(KEPT, " ") for line in wrap(whole, max(width, 1), break_on_hyphens=False)] or [""]


def keep_commands(text: str, width: int = 10**6) -> str:
    """Join the words of each command between backticks, where a line is long enough for it."""
    return COMMAND.sub(lambda found: found[0].replace(" ", KEPT) if len(found[0]) <= width else found[0], text)


def print_wrapped(text: str, indent: str = "") -> None:
    """A sentence, which goes on below its beginning."""
    for number, line in enumerate(wrap_text(text, read_width() - len(indent) - GAP)):
        print(f"{indent}{' ' * GAP if number else ''}{line}")
