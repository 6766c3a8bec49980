"""One row of the ledger in a snapshot of its own: what a person has decided, snoozed, written or kept."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.settings import load_settings
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import insert_rows
from watershed.warehouse.publish import hold_lock, prepare, read_snapshot, transact
from watershed.warehouse.schema.ddl import is_prepared


def record_row(
    address: str,
    row: dict[str, Any],
    author: str,
    message: str,
    known: str | None = None,
    values: Sequence[object] = (),
) -> bool:
    """Write it, as `author`, with a `message` that says what it is, into a lake that has all of the ledger's tables: an
    older one gets what it lacks. Where the query `known`, of `values`, finds a row, nothing is written. Returns whether
    it was."""
    with open_record(author, message) as con:
        if known and con.execute(known, values).fetchone():
            return False
        insert_rows(con, address, [row | {"snapshot_id": read_snapshot(con) + 1}])
        return True


@contextmanager
def open_record(author: str, message: str, wait_s: float = 0.0) -> Iterator[DuckDBPyConnection]:
    """A transaction of the lake's only writer. Of one that changes nothing there is no snapshot. With `wait_s`, raises
    psycopg.errors.LockNotAvailable when others write for longer."""
    settings = load_settings()
    with closing(connect(settings)) as con:
        if not is_prepared(con, []):
            prepare(settings, [])
        with hold_lock(settings, wait_s=wait_s), transact(con):
            con.execute(f"CALL lake.set_commit_message({quote(author)}, {quote(message)})")
            yield con
