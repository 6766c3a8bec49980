"""A table, mart or view of the lake as it is there: what it says of itself, and its columns."""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from contracts import list_tables
from contracts.nearby import explain_unknown
from contracts.table import Table
from warehouse.conformity import compare_tables
from warehouse.ddl import SCHEMAS
from warehouse.marts import Mart, list_marts
from warehouse.views import View, list_views

RELATIONS = """
    SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() WHERE database_name = 'lake'
    UNION ALL
    SELECT schema_name || '.' || view_name, comment FROM duckdb_views() WHERE database_name = 'lake' AND NOT internal
"""
COLUMNS = """
    SELECT column_name, data_type, is_nullable, coalesce(comment, '') FROM duckdb_columns()
    WHERE database_name = 'lake' AND schema_name || '.' || table_name = ? ORDER BY column_index
"""


@dataclass(frozen=True)
class DescribedColumn:
    """`kind`: DuckDB's type."""

    name: str
    kind: str
    is_nullable: bool
    description: str
    is_personal: bool


@dataclass(frozen=True)
class Described:
    """`about`: what there is to say of it, by what it is."""

    address: str
    about: dict[str, str]
    columns: tuple[DescribedColumn, ...]


def describe_relation(con: DuckDBPyConnection, name: str) -> Described:
    """That called `core.requests`, or `requests`, in the first schema that has one. Raises LookupError."""
    relations = dict(con.execute(RELATIONS).fetchall())
    named = [f"{schema}.{name}" for schema in SCHEMAS if f"{schema}.{name}" in relations]
    address = name if name in relations else next(iter(named), None)
    if address is None:
        raise LookupError(explain_unknown("table", name, relations))
    declared = find_declared(address)
    personal = list_personal(declared)
    columns = (
        DescribedColumn(column, kind, is_nullable, description, column in personal)
        for column, kind, is_nullable, description in con.execute(COLUMNS, [address]).fetchall()
    )
    about = {"description": relations[address] or ""}
    if declared:
        key = ", ".join(getattr(declared, "key", ()))
        about = {"description": declared.description, "a row": declared.grain, "owner": declared.owner, "key": key}
    about["state"] = compare_tables(con).get(address, "")
    return Described(address, about, tuple(columns))


def find_declared(address: str) -> Table | Mart | View | None:
    declared: list[Table | Mart | View] = [*list_tables(), *list_marts(), *list_views()]
    return next((one for one in declared if one.address == address), None)


def list_personal(declared: Table | Mart | View | None) -> set[str]:
    if declared is None:
        return set()
    columns = declared.all_columns if isinstance(declared, Table) else declared.columns
    return {column.name for column in columns if column.personal}
