"""Compaction: the many small files that micro-batches leave become few, without a change that a query could see.

Files are merged where they are younger neighbours of each other and small; their snapshots stay readable. A merged
file's parts are deleted a day later, when no query reads them any more. It runs under the publish lock, since a merge
beside a publish would lose: so it is done often and in small portions.
"""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.flows.upkeep.expire import expire_snapshots
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import fetch_column
from watershed.warehouse.publish import hold_lock
from watershed.warehouse.schema.marts import list_marts

SMALL_BYTES = 16 << 20  # what a stream merges of its own; larger files wait for the hourly run
TARGET_BYTES = 256 << 20
MOST_MERGES = 50  # new files a table and turn: bounds how long publishes wait
KEPT = "INTERVAL 1 DAY"


def compact(addresses: Iterable[str], small_bytes: int = SMALL_BYTES) -> dict[str, int]:
    """Merge small files of these tables. Returns how many were merged, and made."""
    with hold_lock(load_settings()), closing(connect()) as con:
        done = [row for address in addresses for row in merge_files(con, address, small_bytes)]
    return {"files_merged": sum(row[2] for row in done), "files_made": sum(row[3] for row in done)}


def merge_files(con: DuckDBPyConnection, address: str, small_bytes: int) -> list[Any]:
    schema, _, name = address.partition(".")
    options = f"max_compacted_files => {MOST_MERGES}, max_file_size => {small_bytes}"
    return con.execute(
        f"CALL ducklake_merge_adjacent_files('lake', '{name}', schema => '{schema}', {options})"
    ).fetchall()


def flush_ledger() -> list[str]:
    """Write the ledger's rows that are still in the catalogue to files. Returns the addresses of its tables."""
    with hold_lock(load_settings()), closing(connect()) as con:
        con.execute("CALL ducklake_flush_inlined_data('lake', schema_name => 'ledger')")
        query = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake' AND schema_name = 'ledger'"
        return [f"ledger.{name}" for name in fetch_column(con, query)]


def maintain() -> dict[str, int]:
    """Merge what is small everywhere, a table at a time so that publishes get in between; let old versions of the lake
    expire; and delete what was merged, replaced or expired more than a day ago. Returns counts."""
    total = {"files_merged": 0, "files_made": 0, "files_deleted": 0}
    tables = [table.address for table in list_tables()]
    parked = sorted({f"quarantine.{table.name}" for table in list_tables() if not table.is_made})
    for address in (*flush_ledger(), *tables, *parked, *(mart.address for mart in list_marts())):
        for what, count in compact([address], TARGET_BYTES).items():
            total[what] += count
    total |= expire_snapshots()
    with hold_lock(load_settings()), closing(connect()) as con:
        deleted = con.execute(f"CALL ducklake_cleanup_old_files('lake', older_than => now() - {KEPT})").fetchall()
    return total | {"files_deleted": len(deleted)}
