"""What contracts want of a database, held against what it has before anything is read.

Whatever can be known beforehand is said in one sentence, in the contract's words: tables, rights, columns, types, keys.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations.column_types import type_sql
from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Column, Table
from watershed.errors import InvalidInput, NotFound
from watershed.sources.postgres.catalog import find_odd, list_others, list_tables
from watershed.sources.postgres.session import query_source, source_sql
from watershed.sources.postgres.table import SourceTable, name_in_files, name_sql, rows_sql, table_address


def find_wanted(con: DuckDBPyConnection, contracts: Sequence[Table]) -> list[SourceTable]:
    """The open snapshot's tables that the contracts want, each with the contract's key and its column for changes.

    Raises NotFound when one is missing, InvalidInput when one cannot be what its contract says.
    """
    found, others = list_tables(con), list_others(con)
    pairs = [(contract, find_table(contract, found)) for contract in contracts]
    if missing := [explain_missing(contract, found, others) for contract, table in pairs if table is None]:
        raise NotFound("; ".join(missing))
    wanted = {table.address for _, table in pairs if table}
    chosen = [(contract, adapt_table(contract, table, wanted)) for contract, table in pairs if table]
    if problems := [problem for pair in chosen for problem in find_problems(con, *pair)]:
        raise InvalidInput("; ".join(problems))
    return [find_odd(con, table) for _, table in chosen]


def find_table(contract: Table, tables: Sequence[SourceTable]) -> SourceTable | None:
    if contract.origin:
        named = (contract.origin.schema, contract.origin.table)
        return next((t for t in tables if (t.schema, t.name) == named), None)
    same = [t for t in tables if t.name == contract.name]
    return same[0] if len(same) == 1 else None


def explain_missing(contract: Table, tables: Sequence[SourceTable], others: dict[str, str]) -> str:
    own, file = contract.origin, f"contracts/{contract.name}.py"
    name = table_address(own.schema, own.table) if own else contract.name
    if kind := others.get(name) or next((k for a, k in others.items() if a.endswith(f".{name}")), None):
        return f"{name} is a {kind}, whose rows have no versions: let {file} name the table that it is made of"
    near = [t.address for t in tables if t.name.lower() == (own.table if own else name).lower()]
    if near:
        return f"the database has no table {name} but {' and '.join(near)}: say which is meant by `origin` in {file}"
    return f"the database has no table {name}: create it, or mend {file}"


def adapt_table(contract: Table, table: SourceTable, wanted: set[str]) -> SourceTable:
    """The table as the contract sees it. Rows of tables that inherit from it are among its own, unless a contract wants
    one of these for itself."""
    names = {c.name: c.origin_name for c in contract.columns}
    key = tuple(names.get(column, column) for column in contract.key)
    has_heirs = bool(table.heirs) and not wanted & set(table.heirs)
    return replace(table, key=key, changed_at=names.get(contract.changed_at or ""), has_heirs=has_heirs)


def find_problems(con: DuckDBPyConnection, contract: Table, table: SourceTable) -> Iterator[str]:
    """Why the table cannot be what the contract says, a clause each."""
    file = f"contracts/{contract.name}.py"
    if not table.is_readable:
        yield f"the user may not read {table.address}: GRANT SELECT ON {table.address} to it"
    elif table.is_guarded:
        yield (
            f"row security hides rows of {table.address} from the user, so that they would count as deleted: "
            "ALTER ROLE ... BYPASSRLS for it, or let it own the table"
        )
    elif missing := [c for c in contract.columns if table.find_column(c.origin_name) is None]:
        yield from (explain_column(column, table, file) for column in missing)
    elif unknown := sorted({*contract.key, *filter(None, [contract.changed_at])} - {c.name for c in contract.columns}):
        yield f"{file} has no column {', '.join(unknown)}, which its key or its origin names: add it, or mend them"
    else:
        yield from find_wrong_types(con, contract, table)
        yield from find_key_problems(con, contract, table)


def explain_column(column: Column, table: SourceTable, file: str) -> str:
    near = [c.name for c in table.columns if c.name.lower().replace("_", "") == column.name.replace("_", "")]
    cure = f'say source_name="{near[0]}"' if near else "mend it or the database"
    return f"{table.address} has no column {column.origin_name}, which {file} wants: {cure}"


def find_wrong_types(con: DuckDBPyConnection, contract: Table, table: SourceTable) -> Iterator[str]:
    """Columns whose values cannot be of the contract's type, or not without losing digits."""
    kinds, names = describe_rows(con, table), name_in_files([c.name for c in table.columns])
    for column in contract.columns:
        found, own = kinds[names[column.origin_name]], table.find_column(column.origin_name)
        try:
            wanted = type_sql(column.type)
        except TypeError as error:
            yield f"{column.name} of contracts/{contract.name}.py: {error}"
            continue
        if own and (not is_castable(con, found, wanted) or loses_digits(found, wanted)):
            yield (
                f"{table.address}.{own.name} is {own.type}, which does not fit the {column.type} of "
                f"contracts/{contract.name}.py: change the type of {column.name} there"
            )
    stamps = [c for c in contract.columns if c.name == contract.changed_at and not pa.types.is_timestamp(c.type)]
    yield from (f"{c.name} of contracts/{contract.name}.py is {c.type}: no moment of a change" for c in stamps)


def describe_rows(con: DuckDBPyConnection, table: SourceTable) -> dict[str, str]:
    """DuckDB's type of every column of a table as it is read, by its name in files."""
    described = con.execute(f"DESCRIBE SELECT * FROM {source_sql(rows_sql(table))}").fetchall()
    return {name: kind for name, kind, *_ in described}


def is_castable(con: DuckDBPyConnection, found: str, wanted: str) -> bool:
    """Whether DuckDB has a cast between two types at all; what a value makes of it is another question."""
    try:
        con.execute(f"SELECT TRY_CAST(value AS {wanted}) FROM (SELECT NULL::{found} AS value) LIMIT 0")
    except (duckdb.ConversionException, duckdb.BinderException, duckdb.NotImplementedException):
        return False
    return True


def loses_digits(found: str, wanted: str) -> bool:
    """Whether digits behind the point would be rounded away."""
    return count_places(found) > count_places(wanted)


def count_places(kind: str) -> float:
    """How many digits behind the point a type of numbers holds; of what is not one, none are lost."""
    if kind.startswith("DECIMAL("):
        return int(kind.rstrip(")").partition(",")[2])
    return {"SMALLINT": 0, "INTEGER": 0, "BIGINT": 0, "HUGEINT": 0}.get(kind, 99)


def find_key_problems(con: DuckDBPyConnection, contract: Table, table: SourceTable) -> Iterator[str]:
    """Whether the contract's key tells rows apart: by an index, else by the rows that there are."""
    nullable = [c.name for c in table.columns if c.name in table.key and c.is_nullable]
    is_unique = any(set(unique) <= set(table.key) for unique in table.uniques) and not table.has_heirs
    if is_unique and not nullable:
        return
    key = ", ".join(map(name_sql, table.key))
    empty = " OR ".join(f"{name_sql(name)} IS NULL" for name in table.key)
    looked = f"SELECT count(*) FILTER (WHERE {empty}), count(*) - count(DISTINCT ({key})) FROM {table.origin}"
    missing, repeated = query_source(con, looked).fetchone() or (0, 0)
    named, file = " and ".join(contract.key), f"contracts/{contract.name}.py"
    if missing:
        where = f"{count_nouns(missing, 'row')} of {table.address}"
        yield f"{named}, the key of {file}, is missing in {where}: choose another key"
    elif repeated:
        where = f"{count_nouns(repeated, 'row')} of {table.address}"
        yield f"{named}, the key of {file}, is repeated in {where}: choose another key"
