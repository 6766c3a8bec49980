"""Listings: rows under names, as a table that fits the terminal, as CSV, or as JSON. Every command that lists has them.

A table takes the width of the terminal (80 columns where there is none; COLUMNS says otherwise). What does not fit is
wrapped inside its column, and where there are too many columns for that, each row is a block of lines. A duration is a
number of seconds in CSV and JSON.
"""

import argparse
import csv
import json
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
    cells = [
        [format_cell(name, value) for name, value in zip(listing.columns, row, strict=True)] for row in listing.rows
    ]
    return Layout(listing.columns, cells, is_number, fit_widths(listing.columns, cells, is_number))


def format_cell(name: str, value: Any) -> str:
    """A value on one line."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value) if name in NAMES else f"{value:,}"
        case float():
            return f"{value:.4f}"
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


def fit_widths(columns: Sequence[str], cells: list[list[str]], is_number: list[bool]) -> list[int] | None:
    """Of every column; the widest texts give way. None where that does not do."""
    widths = [max(len(name), *(len(row[n]) for row in cells)) for n, name in enumerate(columns)]
    least = [width if is_number[n] else min(width, max(len(columns[n]), NARROWEST)) for n, width in enumerate(widths)]
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
    """Its lines, one at least. Words that are too long are cut."""
    return wrap(escape(text), max(width, 1), break_on_hyphens=False) or [""]


def print_wrapped(text: str, indent: str = "") -> None:
    """A sentence, which goes on below its beginning."""
    for number, line in enumerate(wrap_text(text, read_width() - len(indent) - GAP)):
        print(f"{indent}{' ' * GAP if number else ''}{line}")
