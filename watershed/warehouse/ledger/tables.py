"""The ledger's own tables and views, as `ledger.sql` declares them: made where missing or changed.

A view of it is the one definition of a question about the ledger: a step, a page and the monitor ask the same.
"""

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from duckdb import DuckDBPyConnection

LEDGER_SQL = Path(__file__).with_name("ledger.sql")
TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (ledger\.\w+) \((.*?)\n\);", re.DOTALL)
COLUMN = re.compile(r"^    (\w+) (\w+)", re.MULTILINE)
VIEW = re.compile(r"^CREATE OR REPLACE VIEW (ledger\.\w+) AS\n.*?;$", re.DOTALL | re.MULTILINE)


@cache
def declare_ledger() -> dict[str, dict[str, str]]:
    """DuckDB type by column by address."""
    return {address: dict(COLUMN.findall(columns)) for address, columns in TABLE.findall(LEDGER_SQL.read_text())}


@cache
def declare_ledger_views() -> dict[str, str]:
    """The statement that makes each view by its address, those first that others read."""
    return {found[1]: found[0] for found in VIEW.finditer(LEDGER_SQL.read_text())}


@cache
def digest_ledger_views() -> dict[str, str]:
    """What `ledger.definitions` says of each view that is as declared."""
    return {address: sha256(statement.encode()).hexdigest() for address, statement in declare_ledger_views().items()}


def prepare_ledger(con: DuckDBPyConnection, existing: Mapping[str, Mapping[str, object]]) -> None:
    """Make the tables, and widen those of a lake that an earlier version made. What came later is null in old rows."""
    for found in TABLE.finditer(LEDGER_SQL.read_text()):
        con.execute(found[0])
    for address, columns in declare_ledger().items():
        known = existing.get(address, columns)
        for column in (name for name in columns if name not in known):
            con.execute(f"ALTER TABLE {address} ADD COLUMN {column} {columns[column]}")


def prepare_ledger_views(con: DuckDBPyConnection, digests: Mapping[str, str]) -> None:
    """Make the views that are missing or were declared otherwise."""
    for address, digest in digest_ledger_views().items():
        if digests.get(address) != digest:
            con.execute(declare_ledger_views()[address])
            note_definition(con, address, digest)


def note_definition(con: DuckDBPyConnection, address: str, digest: str) -> None:
    """Remember as what a view or macro was made."""
    query = "INSERT INTO ledger.definitions SELECT ?, ?, id + 1 FROM ducklake_current_snapshot('lake')"
    con.execute(query, [address, digest])


def mimic_ledger(con: DuckDBPyConnection) -> None:
    """Make the same tables, empty and without constraints, and the views, in a database that is not a lake."""
    con.execute("CREATE SCHEMA ledger")
    for address, columns in declare_ledger().items():
        con.execute(f"CREATE TABLE {address} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    for statement in declare_ledger_views().values():
        con.execute(statement)
