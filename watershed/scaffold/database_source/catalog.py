"""What a database has, as far as contracts can be written of it, and what is left out, each with a sentence."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import duckdb
from duckdb import DuckDBPyConnection

from watershed.sources.postgres.agreements import describe_rows
from watershed.sources.postgres.catalog import ForeignKey, find_odd, list_foreign_keys, list_others, list_tables
from watershed.sources.postgres.session import open_snapshot
from watershed.sources.postgres.table import SourceTable, name_in_files
from watershed.warehouse.connection import find_extension


@dataclass(frozen=True)
class Catalog:
    """`tables`: those of which a history can be kept, each with a key. `kinds`: DuckDB's type of every column as it is
    read, by address and column. `left_out`: why the others are not among them."""

    tables: tuple[SourceTable, ...]
    kinds: dict[str, dict[str, str]]
    foreign_keys: tuple[ForeignKey, ...]
    left_out: tuple[str, ...]


def read_catalog(url: str) -> Catalog:
    """Ask a database what it has. Raises NoAnswer or InvalidInput with one sentence."""
    with closing(duckdb.connect()) as con:
        con.execute(f"LOAD '{find_extension('postgres_scanner')}'")
        with open_snapshot(con, url):
            found = [choose_key(table) for table in list_tables(con)]
            others = [
                f"{address} is a {kind}, whose rows have no versions" for address, kind in list_others(con).items()
            ]
            reasons = {table.address: explain_omission(table, found) for table in found}
            tables = tuple(find_odd(con, table) for table in found if not reasons[table.address])
            kinds = {table.address: list_kinds(con, table) for table in tables}
            left_out = (*filter(None, reasons.values()), *others)
            return Catalog(tables, kinds, tuple(list_foreign_keys(con)), left_out)


def list_kinds(con: DuckDBPyConnection, table: SourceTable) -> dict[str, str]:
    """Of a numeric its own type, though some row be NaN, which goes to quarantine then."""
    columns = tuple(replace(c, is_odd=c.is_odd and c.type.endswith("[]")) for c in table.columns)
    names, kinds = name_in_files([c.name for c in columns]), describe_rows(con, replace(table, columns=columns))
    return {column: kinds[name] for column, name in names.items()}


def choose_key(table: SourceTable) -> SourceTable:
    """The table with its primary key, else with the shortest unique index over columns that are never null."""
    nullable = {column.name for column in table.columns if column.is_nullable}
    uniques = sorted((unique for unique in table.uniques if not nullable & set(unique)), key=len)
    return replace(table, key=table.key or next(iter(uniques), ()))


def explain_omission(table: SourceTable, tables: list[SourceTable]) -> str:
    """Why no contract is written of a table; empty where one is."""
    return next(list_omissions(table, tables), "")


def list_omissions(table: SourceTable, tables: list[SourceTable]) -> Iterator[str]:
    if not table.is_readable:
        yield f"{table.address} may not be read by the user: GRANT SELECT ON {table.address} to it"
    if table.is_guarded:
        yield f"{table.address} has rows that row security may hide: ALTER ROLE ... BYPASSRLS for the user"
    if not table.key:
        parents = [t.address for t in tables if table.address in t.heirs and t.key]
        if parents:
            yield f"{table.address} inherits from {parents[-1]}, among whose rows its own are read"
        yield (
            f"{table.address} has no primary key, nor a unique index of columns that are never null: "
            "give it one, or write its contract with a key that is unique"
        )
