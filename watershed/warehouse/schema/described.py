"""A table, mart or view of the lake as it is there: what it says of itself, and its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from duckdb import CatalogException, DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.declarations.nearby import explain_unknown
from watershed.declarations.owners import find_owner
from watershed.declarations.table import Column, Table
from watershed.errors import NotFound
from watershed.warehouse.schema.conformity import compare_tables
from watershed.warehouse.schema.ddl import SCHEMAS
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.sql_headers import HeaderColumn
from watershed.warehouse.schema.views import View, list_views

RELATIONS = """
    SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() WHERE database_name = 'lake'
    UNION ALL
    SELECT schema_name || '.' || view_name, comment FROM duckdb_views() WHERE database_name = 'lake' AND NOT internal
"""
COLUMNS = """
    SELECT column_name, data_type, is_nullable, coalesce(comment, '') FROM duckdb_columns()
    WHERE database_name = 'lake' AND schema_name || '.' || table_name = ? ORDER BY column_index
"""
COMMENTS = """
    SELECT column_name, body, written_by, written_at FROM ledger.current_comments
    WHERE table_name = ? AND withdrawn_by IS NULL ORDER BY written_at DESC, comment_id
"""


@dataclass(frozen=True)
class DescribedColumn:
    """`kind`: DuckDB's type."""

    name: str
    kind: str
    is_nullable: bool
    description: str
    is_personal: bool
    tags: tuple[str, ...]


@dataclass(frozen=True)
class DescribedTable:
    """`about`: what there is to say of it, by what it is."""

    address: str
    about: dict[str, str]
    columns: tuple[DescribedColumn, ...]


def describe_relation(con: DuckDBPyConnection, name: str) -> DescribedTable:
    """That called `core.requests`, or `requests`, in the first schema that has one. Raises NotFound."""
    relations = dict(con.execute(RELATIONS).fetchall())
    named = [f"{schema}.{name}" for schema in SCHEMAS if f"{schema}.{name}" in relations]
    address = name if name in relations else next(iter(named), None)
    if address is None:
        raise NotFound(explain_unknown("table", name, relations))
    declared = find_declared(address)
    own = list_columns(declared)
    personal = {column.name for column in own if column.personal}
    tags = {column.name: column.tags for column in own}
    columns = (
        DescribedColumn(column, kind, is_nullable, description, column in personal, tags.get(column, ()))
        for column, kind, is_nullable, description in con.execute(COLUMNS, [address]).fetchall()
    )
    about = {"description": relations[address] or ""}
    if declared:
        key = ", ".join(getattr(declared, "key", ()))
        about = {"description": declared.description, "a row": declared.grain, "key": key}
        about |= {"owner": format_owner(declared.owner), "tags": ", ".join(declared.tags)}
    about["state"] = compare_tables(con).get(address, "")
    return DescribedTable(address, about, tuple(columns))


def list_declared() -> list[Table | Mart | View]:
    return [*list_tables(), *list_marts(), *list_views()]


def read_comments(con: DuckDBPyConnection, address: str) -> list[tuple[Any, ...]]:
    """What people have written about a table and its columns: column, text, who and when, the latest first. A lake that
    an earlier version made has none."""
    try:
        return con.execute(COMMENTS, [address]).fetchall()
    except CatalogException:
        return []


def find_declared(address: str) -> Table | Mart | View | None:
    return next((one for one in list_declared() if one.address == address), None)


def find_tagged(tag: str) -> set[str]:
    """Addresses of what carries a tag, itself or in a column. Raises NotFound with the tags there are."""
    by_address = {one.address: {*one.tags, *(t for c in list_columns(one) for t in c.tags)} for one in list_declared()}
    if found := {address for address, tags in by_address.items() if tag in tags}:
        return found
    raise NotFound(explain_unknown("tag", tag, set().union(*by_address.values())))


def list_columns(declared: Table | Mart | View | None) -> Sequence[Column | HeaderColumn]:
    if declared is None:
        return ()
    return declared.all_columns if isinstance(declared, Table) else declared.columns


def format_owner(name: str) -> str:
    """The name, and how to reach them."""
    owner = find_owner(name)
    return f"{name}: {owner.contact}" if owner else name
