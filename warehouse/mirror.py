"""The mirror: a copy of the ledger in this process's memory, so that nobody who looks waits for S3.

Ledger rows are only ever added, each with the number of its snapshot, so the copy grows by those of newer ones. A
thread keeps it up while people look; nothing runs, and nothing is connected, before the first request.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import duckdb
import psycopg
from duckdb import DuckDBPyConnection

from contracts.settings import Settings, load_settings
from warehouse.connection import connect, forget_engines
from warehouse.ledger import utc_now

PAUSE_S = 2.0
IDLE_S = 120.0  # without a request the thread ends
LEDGER = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake' AND schema_name = 'ledger' ORDER BY 1"
NEWEST = "SELECT max(snapshot_id) FROM ducklake_snapshot"

Row = dict[str, Any]


class Mirror:
    """`ask` answers SQL over the tables `publishes`, `books`, `days`, ...: those of ledger.sql, by their names."""

    def __init__(self) -> None:
        self.copy = duckdb.connect(config={"memory_limit": "1GB"})
        self.snapshot = -1
        self.refreshed_at: datetime | None = None
        self.asked_at = 0.0
        self.lock = threading.Lock()
        self.keeper: threading.Thread | None = None

    def ask(self, query: str, values: Sequence[object] | dict[str, object] = ()) -> list[Row]:
        """Rows as dictionaries. The first question waits until the copy is made, later ones for nothing."""
        self.keep_up()
        with closing(self.copy.cursor()) as con:
            result = con.execute(query, values)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def keep_up(self) -> None:
        """Have the copy made, and somebody who looks after it."""
        self.asked_at = time.monotonic()
        if self.keeper is None or not self.keeper.is_alive():
            self.refresh()
            self.keeper = threading.Thread(target=self.follow, name="mirror", daemon=True)
            self.keeper.start()

    def follow(self) -> None:
        while time.monotonic() - self.asked_at < IDLE_S:
            time.sleep(PAUSE_S)
            try:
                self.refresh()
            except (duckdb.Error, psycopg.Error, ConnectionError):
                forget_engines()  # the catalogue is away: pages show what was known, and when

    def refresh(self) -> None:
        """Bring the copy up to the newest snapshot: after a change of one's own, to see it at once."""
        with self.lock:
            newest = read_newest(load_settings())
            if newest > self.snapshot:
                with closing(connect(read_only=True)) as lake, closing(self.copy.cursor()) as copy:
                    copy_ledger(lake, copy, self.snapshot, newest)
                self.snapshot = newest
            self.refreshed_at = utc_now()


def read_newest(settings: Settings) -> int:
    """The newest snapshot, asked of the catalogue itself: a millisecond, where attaching takes many."""
    with psycopg.connect(settings.catalog_url, connect_timeout=5) as session:
        row = session.execute(NEWEST).fetchone()
        return int(row[0]) if row and row[0] is not None else -1


def copy_ledger(lake: DuckDBPyConnection, copy: DuckDBPyConnection, known: int, newest: int) -> None:
    """Add the rows of the snapshots after `known`; all rows of a table that is not in the copy yet."""
    there = {row[0] for row in copy.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for (name,) in lake.execute(LEDGER).fetchall():
        first = known if name in there else -1
        query = f"SELECT * FROM ledger.{name} AT (VERSION => {newest}) WHERE snapshot_id > {first}"
        copy.register("added", lake.execute(query).to_arrow_table())
        verb = f"INSERT INTO {name} BY NAME" if name in there else f"CREATE TABLE {name} AS"
        copy.execute(f"{verb} SELECT * FROM added")
        copy.unregister("added")


MIRROR = Mirror()
