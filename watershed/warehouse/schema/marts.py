"""Marts: what analysts start from, one SQL file each, with its declaration in the comment header.

The header says owner, description, grain, key, partition (`whole`, or `day` and the column that holds it), inputs
(tables whose changes make the mart stale), lookups (dimensions read as they are), views (views and macros of
`warehouse/views` that the query names), an example of a query, tags of the mart (`tags: one, two`) and
of columns (`tags name: one, two`), and a line for every column. A mart that continues
itself has a partition `days so far` and the column: each day holds what all days up to its end amount to. It also has
`empty`, a query that makes its columns before there is anything to continue.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pyarrow as pa

from watershed.declarations.table import Column, Table
from watershed.errors import NotFound
from watershed.project import find_project
from watershed.warehouse.schema.sql_headers import HeaderBroken as MartBroken
from watershed.warehouse.schema.sql_headers import HeaderColumn, order_by_reads, read_header

FOLDER = "warehouse/marts"  # of the project
WITHIN = timedelta(hours=1)  # a mart follows its inputs; how fresh they are their contracts say
REQUIRED = {"owner", "description", "grain", "key", "partition", "inputs"}


@dataclass(frozen=True)
class Mart:
    """A declared mart. `day` is the column that holds a row's day; None: the mart is replaced whole.

    `is_cumulative`: a day depends on what its inputs say of all days up to it, and is built once it is over.
    """

    name: str
    address: str
    owner: str
    description: str
    grain: str
    key: tuple[str, ...]
    day: str | None
    inputs: tuple[str, ...]
    lookups: tuple[str, ...]
    views: tuple[str, ...]
    columns: tuple[HeaderColumn, ...]
    sql: str
    is_cumulative: bool = False
    empty: str | None = None
    example: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        return self.inputs + self.lookups


@cache
def list_marts() -> tuple[Mart, ...]:
    """All marts, each after those it reads. Raises MartBroken."""
    return order_by_reads(map(read_mart, sorted((find_project() / FOLDER).glob("*.sql"))), lambda mart: mart.reads)


def find_mart(name: str) -> Mart:
    """The mart called `top_pages` or `mart.top_pages`. Raises NotFound with the names there are."""
    marts = {m.name: m for m in list_marts()}
    if (found := marts.get(name.rpartition(".")[2])) is None:
        raise NotFound(f"there is no mart {name!r}; the marts are {', '.join(sorted(marts))}")
    return found


def read_mart(path: Path) -> Mart:
    """Read one file. Raises MartBroken when its header lacks a field."""
    text = path.read_text()
    header = read_header(path.name, text, REQUIRED)
    unit, _, day = header.fields["partition"].rpartition(" ")
    return Mart(
        name=path.stem,
        address=header.fields.get("table", f"mart.{path.stem}"),
        owner=header.fields["owner"],
        description=header.fields["description"],
        grain=header.fields["grain"],
        key=header.names("key"),
        day=day if unit else None,
        inputs=header.names("inputs"),
        lookups=header.names("lookups"),
        views=header.names("views"),
        columns=header.columns,
        sql=text,
        is_cumulative=unit == "days so far",
        empty=header.fields.get("empty"),
        example=header.fields.get("example"),
        tags=header.names("tags"),
    )


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
