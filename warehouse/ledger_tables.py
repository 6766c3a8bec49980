"""The ledger's own tables, as `ledger.sql` declares them: made where missing, given the columns that came later."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from duckdb import DuckDBPyConnection

LEDGER_SQL = Path(__file__).with_name("ledger.sql")
TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (ledger\.\w+) \((.*?)\n\);", re.DOTALL)
COLUMN = re.compile(r"^    (\w+) (\w+)", re.MULTILINE)


@cache
def declare_ledger() -> dict[str, dict[str, str]]:
    """DuckDB type by column by address."""
    return {address: dict(COLUMN.findall(columns)) for address, columns in TABLE.findall(LEDGER_SQL.read_text())}


def prepare_ledger(con: DuckDBPyConnection, existing: Mapping[str, Mapping[str, object]]) -> None:
    """Make the tables, and widen those of a lake that an earlier version made. What came later is null in old rows."""
    con.execute(LEDGER_SQL.read_text())
    for address, columns in declare_ledger().items():
        known = existing.get(address, columns)
        for column in (name for name in columns if name not in known):
            con.execute(f"ALTER TABLE {address} ADD COLUMN {column} {columns[column]}")
