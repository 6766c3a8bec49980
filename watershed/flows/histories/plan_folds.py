"""What folding asks of an extraction, compiled once a process from the Ibis transforms to DuckDB's SQL.

Compiling takes longer than all the rest of a small fold. The queries depend on the columns of what they read, which is
why these are described first, and on nothing that a run brings: the moment of an extraction is the variable `seen_at`.
"""

from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from duckdb import DuckDBPyConnection
from ibis import ir
from ibis.backends.sql.datatypes import DuckDBType

from watershed.declarations.table import Table
from watershed.transforms.history import fold_history
from watershed.transforms.source_rows import select_columns, select_keys

Described = tuple[tuple[str, str], ...]


def describe(con: DuckDBPyConnection, query: str) -> Described:
    """The columns of a query's result, each with its type in DuckDB."""
    return tuple((name, kind) for name, kind, *_ in con.execute(f"DESCRIBE {query}").fetchall())


@lru_cache(maxsize=256)
def compile_columns(table: Table, rows: Described) -> str:
    """An extraction's rows in the contract's types, of the relation `given`."""
    return compile_query(select_columns(open_relation("given", rows), table))


@lru_cache(maxsize=256)
def compile_keys(table: Table, keys: Described) -> str:
    """The keys of all records, of the relation `given`."""
    return compile_query(select_keys(open_relation("given", keys), table))


@lru_cache(maxsize=256)
def compile_fold(
    key: tuple[str, ...], changed_at: str | None, previous: Described, extracted: Described, present: Described
) -> str:
    """The histories that change, of the relations `previous`, `extracted` and `present` as of `seen_at`."""
    relations = {"previous": previous, "extracted": extracted, "present": present}
    opened = (open_relation(name, columns) for name, columns in relations.items())
    return compile_query(fold_history(*opened, key=key, seen_at=read_moment("seen_at"), changed_at=changed_at))


def open_relation(name: str, columns: Described) -> ir.Table:
    return ibis.table({column: DuckDBType.from_string(kind) for column, kind in columns}, name=name)


def compile_query(expression: Any) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb"))


@ibis.udf.scalar.builtin(name="getvariable", signature=((dt.string,), dt.timestamp))
def read_moment(name: str) -> Any: ...
