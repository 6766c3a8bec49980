"""Old versions of the lake expire: what only they can see is deleted from the bucket by the clean-up a day later.

Kept are the newest, those of the last WATERSHED_KEEP_SNAPSHOT_DAYS days, and those cited: pins; champions, which
must be reproducible; and what models predicted, which goes on from the changes since.

DuckLake once lost rows of a renamed table by this (duckdb/ducklake issue 527). So what is alive is compared twice: in
the catalogue before the expiry is committed, and by counting rows after it, while no file is deleted yet.
"""

from contextlib import closing
from datetime import datetime, timedelta

from duckdb import DuckDBPyConnection

from watershed.declarations.registry import MODELS
from watershed.errors import InvalidInput
from watershed.models.model import list_models
from watershed.settings import load_settings, read_setting
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import fetch_column, utc_now
from watershed.warehouse.pins import PINS
from watershed.warehouse.publish import hold_lock, transact

KEEP_DAYS = 30
MOST_EXPIRED = 5000  # a run: bounds how long publishes wait

OLD = """
    SELECT snapshot_id FROM ducklake_snapshots('lake')
    WHERE CAST(snapshot_time AS TIMESTAMP) < ?
        AND snapshot_id < (SELECT max(snapshot_id) FROM ducklake_snapshots('lake'))
        AND NOT list_contains(?, snapshot_id)
    ORDER BY snapshot_id LIMIT ?
"""
CHAMPIONS = f"SELECT data_snapshot_id FROM {MODELS} WHERE state = 'champion'"
PREDICTED = "SELECT max(data_snapshot_id) + unnest([0, 1]) FROM {address} HAVING count(*) > 0"
EXPIRE = "CALL ducklake_expire_snapshots('lake', versions => {old})"
# A transaction that has changed the catalogue still counts the rows of tables as before; these it reads anew.
ALIVE = """
    SELECT 'the tables', count(*) FROM {catalog}.ducklake_table WHERE end_snapshot IS NULL
    UNION ALL SELECT 'the files of table ' || table_id, sum(record_count)::BIGINT
    FROM {catalog}.ducklake_data_file WHERE end_snapshot IS NULL GROUP BY table_id
    UNION ALL SELECT 'the deletions of table ' || table_id, sum(delete_count)::BIGINT
    FROM {catalog}.ducklake_delete_file WHERE end_snapshot IS NULL GROUP BY table_id
"""
TABLES = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'lake' ORDER BY 1"


class ExpiryBroken(Exception):
    """Something that is alive would be lost, or was lost, with old versions: the message says what to do."""


def expire_snapshots(before: datetime | None = None) -> dict[str, int]:
    """Let versions from before a moment (UTC) expire, by default those older than the setting says, oldest first.

    Returns `snapshots_expired`. Raises ExpiryBroken.
    """
    before = before or utc_now() - timedelta(days=read_days())
    with closing(connect(read_only=True)) as con:
        if not list_old(con, before):
            return {"snapshots_expired": 0}
    with hold_lock(load_settings()):
        with closing(connect()) as con:
            old, rows = list_old(con, before), count_rows(con)
            expire(con, old)
        with closing(connect()) as con:
            if lost := find_changes(rows, count_rows(con)):
                raise ExpiryBroken(f"rows were lost as versions expired: {lost}; restore the catalogue from backup")
    return {"snapshots_expired": len(old)}


def expire(con: DuckDBPyConnection, old: list[int]) -> None:
    """Raises ExpiryBroken, and then nothing has expired."""
    with transact(con):
        alive = count_alive(con)
        con.execute(EXPIRE.format(old=old))
        if lost := find_changes(alive, count_alive(con)):
            raise ExpiryBroken(f"no version of the lake expires, it would lose rows: {lost}; report it to DuckLake")


def read_days() -> int:
    """Raises InvalidInput for a setting that is not a number of days."""
    text = read_setting("keep_snapshot_days", str(KEEP_DAYS))
    if not text.isdecimal() or int(text) < 1:
        raise InvalidInput(f"WATERSHED_KEEP_SNAPSHOT_DAYS is {text!r}: write a number of days, 1 at least")
    return int(text)


def list_old(con: DuckDBPyConnection, before: datetime) -> list[int]:
    return fetch_column(con, OLD, [before, list_cited(con), MOST_EXPIRED])


def list_cited(con: DuckDBPyConnection) -> list[int]:
    """Versions that pins and, where the lake has any, models and what they made refer to."""
    citing = {model.lists.address: PREDICTED.format(address=model.lists.address) for model in list_models()}
    citing |= {MODELS: CHAMPIONS}
    there = set(fetch_column(con, TABLES))
    queries = [f"SELECT snapshot FROM ({PINS})", *(query for address, query in citing.items() if address in there)]
    return fetch_column(con, " UNION ".join(queries))


def count_rows(con: DuckDBPyConnection) -> dict[str, int]:
    """The rows of every table of the lake."""
    counts = (f"SELECT '{address}', count(*) FROM lake.{address}" for address in fetch_column(con, TABLES))
    return dict(con.execute(" UNION ALL ".join(counts)).fetchall())


def count_alive(con: DuckDBPyConnection) -> dict[str, int]:
    """What the catalogue says of the present: tables, rows in files, rows deleted of them."""
    return dict(con.execute(ALIVE.format(catalog="__ducklake_metadata_lake")).fetchall())


def find_changes(before: dict[str, int], after: dict[str, int]) -> str:
    changed = {name: (rows, after.get(name, 0)) for name, rows in before.items() if after.get(name) != rows}
    return ", ".join(f"{name} {now:,} rows instead of {then:,}" for name, (then, now) in changed.items())
