"""Views and table macros: questions that are answered from the tables as they are, one SQL file each.

A file is called `<schema>.<name>.sql` and holds the query alone, below a comment header like that of a mart: owner,
description, grain, reads (tables, marts, views and macros that the query names), an example of a query and a line for
every column. With `parameters`, names separated by commas, it is a table macro: `FROM core.photos_as_of('2026-01-01')`.
A macro casts its parameters itself, so that texts and nulls do as well. Definitions are stored in the lake's catalogue,
where every reader finds them, by `warehouse/schema/ddl.py`: when they are missing or were changed.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from watershed.errors import NotFound
from watershed.project import find_project
from watershed.warehouse.schema.sql_headers import HeaderColumn, order_by_reads, read_header

FOLDER = "warehouse/views"  # of the project
REQUIRED = {"owner", "description", "grain", "reads"}


@dataclass(frozen=True)
class View:
    """A declared view, or where it has `parameters` a table macro."""

    address: str
    owner: str
    description: str
    grain: str
    parameters: tuple[str, ...]
    reads: tuple[str, ...]
    columns: tuple[HeaderColumn, ...]
    sql: str
    example: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def is_macro(self) -> bool:
        return bool(self.parameters)

    @property
    def statement(self) -> str:
        """What makes it, or replaces it."""
        if self.is_macro:
            return f"CREATE OR REPLACE MACRO {self.address}({', '.join(self.parameters)}) AS TABLE\n{self.sql}"
        comment = self.description.replace("'", "''")
        return f"CREATE OR REPLACE VIEW {self.address} AS\n{self.sql}\n;\nCOMMENT ON VIEW {self.address} IS '{comment}'"

    @property
    def digest(self) -> str:
        return sha256(self.statement.encode()).hexdigest()


@cache
def list_views() -> tuple[View, ...]:
    """All views and macros, each after those it reads. Raises HeaderBroken."""
    return order_by_reads(map(read_view, sorted((find_project() / FOLDER).glob("*.sql"))), lambda view: view.reads)


def find_view(address: str) -> View:
    """The view or macro called `core.photos_now`. Raises NotFound with those there are."""
    views = {v.address: v for v in list_views()}
    if (found := views.get(address)) is None:
        raise NotFound(f"there is no view {address!r}; the views are {', '.join(sorted(views))}")
    return found


def read_view(path: Path) -> View:
    """Read one file. Raises HeaderBroken when its header lacks a field."""
    text = path.read_text()
    header = read_header(path.name, text, REQUIRED)
    return View(
        address=path.stem,
        owner=header.fields["owner"],
        description=header.fields["description"],
        grain=header.fields["grain"],
        parameters=header.names("parameters"),
        reads=header.names("reads"),
        columns=header.columns,
        sql=text.strip(),
        example=header.fields.get("example"),
        tags=header.names("tags"),
    )
