"""Marts: what analysts start from, one SQL file each, with its declaration in the comment header.

The header says owner, description, grain, key, partition (`whole`, or `day` and the column that holds it), inputs
(tables whose changes make the mart stale), lookups (dimensions read as they are) and a line for every column.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pyarrow as pa

from contracts.table import Column, Table

HEADER = re.compile(r"^-- (?P<field>\w+)(?: (?P<column>\w+))?: (?P<text>.+)$")


WITHIN = timedelta(hours=1)  # a mart follows its inputs; how fresh they are their contracts say


class MartBroken(ValueError):
    """A mart's file declares something that cannot be."""


@dataclass(frozen=True)
class MartColumn:
    name: str
    description: str
    personal: bool


@dataclass(frozen=True)
class Mart:
    """A declared mart. `day` is the column that holds a row's day; None: the mart is replaced whole."""

    name: str
    address: str
    owner: str
    description: str
    grain: str
    key: tuple[str, ...]
    day: str | None
    inputs: tuple[str, ...]
    lookups: tuple[str, ...]
    columns: tuple[MartColumn, ...]
    sql: str


@cache
def list_marts() -> tuple[Mart, ...]:
    """All marts, each after those it reads."""
    waiting = {m.address: m for m in map(read_mart, sorted(Path(__file__).parent.glob("*.sql")))}
    ordered: list[Mart] = []
    while waiting:
        ready = [m for m in waiting.values() if not set(m.inputs + m.lookups) & (set(waiting) - {m.address})]
        if not ready:
            raise MartBroken(f"these marts read each other in a circle: {', '.join(sorted(waiting))}")
        ordered += ready
        waiting = {address: m for address, m in waiting.items() if m not in ready}
    return tuple(ordered)


def find_mart(name: str) -> Mart:
    """The mart called `top_pages` or `mart.top_pages`. Raises LookupError with the names there are."""
    marts = {m.name: m for m in list_marts()}
    if (found := marts.get(name.rpartition(".")[2])) is None:
        raise LookupError(f"there is no mart {name!r}; the marts are {', '.join(sorted(marts))}")
    return found


def read_mart(path: Path) -> Mart:
    """Read one file. Raises MartBroken when its header lacks a field."""
    text = path.read_text()
    fields: dict[str, str] = {}
    columns: list[MartColumn] = []
    for line in text.splitlines():
        if (match := HEADER.match(line)) is None:
            break
        if match["field"] == "column":
            columns.append(read_column(match["column"], match["text"]))
        else:
            fields[match["field"]] = match["text"]
    if missing := {"owner", "description", "grain", "key", "partition", "inputs"} - set(fields):
        raise MartBroken(f"{path.name}: its header lacks {', '.join(sorted(missing))}")
    _, _, day = fields["partition"].partition("day ")
    return Mart(
        name=path.stem,
        address=fields.get("table", f"mart.{path.stem}"),
        owner=fields["owner"],
        description=fields["description"],
        grain=fields["grain"],
        key=split_names(fields["key"]),
        day=day or None,
        inputs=split_names(fields["inputs"]),
        lookups=split_names(fields.get("lookups", "")),
        columns=tuple(columns),
        sql=text,
    )


def read_column(name: str, text: str) -> MartColumn:
    return MartColumn(name, text, text.endswith("(personal)"))


def split_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def as_table(mart: Mart, schema: pa.Schema) -> Table:
    """The mart as a contract, its types from its query's schema. Raises MartBroken when header and query differ."""
    declared = {c.name: c for c in mart.columns}
    if list(declared) != schema.names:
        raise MartBroken(f"{mart.name}.sql declares the columns {list(declared)} and its query makes {schema.names}")
    schema_name, _, name = mart.address.partition(".")
    return Table(
        name=name,
        description=mart.description,
        grain=mart.grain,
        owner=mart.owner,
        columns=tuple(
            Column(
                f.name, f.type, declared[f.name].description, f.name not in mart.key, None, declared[f.name].personal
            )
            for f in schema
        ),
        key=mart.key,
        sources=(),
        replaces="partition",
        day=mart.day,
        freshness=WITHIN,
        schema=schema_name,
    )
