"""Which tables can go back to an earlier version of the lake, and to which versions."""

import duckdb
from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.declarations.nearby import explain_unknown
from watershed.declarations.table import Table
from watershed.errors import InvalidInput, NotFound
from watershed.warehouse.pins import explain_version, is_version
from watershed.warehouse.schema.ddl import SCHEMAS


def is_restorable(address: str) -> bool:
    """Whether a table is one that a rollback is for."""
    return any(t.address == address and t.schema == "core" and not t.is_made for t in list_tables())


def find_restorable(address: str) -> Table:
    """Raises InvalidInput, saying what to do instead, for a table that sources do not feed in `core`, and NotFound for
    one that is not there."""
    if not is_restorable(address):
        schema = address.partition(".")[0]
        if schema not in SCHEMAS or schema == "core":
            known = (table.address for table in list_tables() if is_restorable(table.address))
            raise NotFound(explain_unknown("table", address, known))
        instead = {
            "ml": "`watershed models rollback` takes a model back, and its predictions follow",
            "speed": "what is in the speed layer is computed again tonight; rebuild its days to have them in core now",
            "quarantine": "it goes back with its table",
        }.get(schema, "what is computed of other tables follows when they go back; else repair its SQL and rebuild it")
        raise InvalidInput(f"{address} is not rolled back: {instead}")
    return next(table for table in list_tables() if table.address == address)


def verify_version(con: DuckDBPyConnection, table: Table, version: int) -> None:
    """Raises NotFound when that version is not in the lake, any more or yet, or had no such table."""
    if not is_version(con, version):
        raise NotFound(explain_version(con, version))
    try:
        con.execute(f"SELECT 1 FROM {table.address} AT (VERSION => {int(version)}) LIMIT 0")
    except duckdb.Error:
        raise NotFound(f"snapshot {version} has no table {table.address}: it was made later") from None
