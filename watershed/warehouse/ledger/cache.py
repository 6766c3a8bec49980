"""The mirror: a copy of the ledger in this process's memory, so that nobody who looks waits for S3.

Ledger rows are only ever added, each with the number of its snapshot, so the copy grows by those of newer ones. A
thread keeps it up while people look; nothing runs, and nothing is connected, before the first request.

Besides the ledger's tables there is `changes`: a row for each table that a publish touched, with what it did there.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import duckdb
import psycopg
import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations.masking import hide_quoted
from watershed.settings import Settings, load_settings
from watershed.warehouse.connection import connect, forget_engines
from watershed.warehouse.lake_version import verify_lake_version
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.ledger.tables import mimic_ledger

PAUSE_S = 2.0
IDLE_S = 120.0  # without a request the thread ends
# The newest snapshot, and of every table of the ledger in it its id and how many rows it ever had. Without the events:
# kilobytes each, and no page asks for them.
NEWEST = """
    SELECT newest, table_name, tables.table_id, coalesce(next_row_id, 0)
    FROM (SELECT max(snapshot_id) AS newest FROM ducklake_snapshot) AS snapshots
    LEFT JOIN ducklake_table AS tables ON tables.end_snapshot IS NULL AND table_name <> 'lineage_events'
        AND schema_id IN (SELECT schema_id FROM ducklake_schema WHERE schema_name = 'ledger' AND end_snapshot IS NULL)
    LEFT JOIN ducklake_table_stats AS stats ON stats.table_id = tables.table_id
    ORDER BY table_name
"""
# What a publish did to each table: the books of objects, the one build of a mart, checks alone for what comes with it.
CHANGES = """
    WITH written AS (
        SELECT table_name, snapshot_id, sum(rows_read)::BIGINT AS rows_read, sum(rows_written)::BIGINT AS rows_written,
               sum(rows_quarantined)::BIGINT AS rows_quarantined, count(*) AS objects
        FROM books WHERE snapshot_id > $known GROUP BY ALL
    ),
    checked AS (
        SELECT table_name, snapshot_id, count(*) AS checks, count(*) FILTER (is_success) AS checks_passed
        FROM checks WHERE snapshot_id > $known GROUP BY ALL
    ),
    touched AS (
        SELECT table_name, snapshot_id FROM written UNION SELECT table_name, snapshot_id FROM checked
        UNION SELECT table_name, snapshot_id FROM inputs WHERE snapshot_id > $known
    )
    SELECT table_name, snapshot_id, run_id, subject, actor, published_at, rows_read,
           CASE WHEN subject = table_name THEN publishes.rows_written ELSE written.rows_written END AS rows_written,
           written.rows_quarantined, objects, checks, checks_passed
    FROM touched
    JOIN (SELECT run_id, snapshot_id, subject, actor, published_at, rows_written FROM publishes) AS publishes
        USING (snapshot_id)
    LEFT JOIN written USING (table_name, snapshot_id)
    LEFT JOIN checked USING (table_name, snapshot_id)
"""

Row = dict[str, Any]
Extent = tuple[int, int]
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class Mirror:
    """`ask` answers SQL over `publishes`, `books`, `open_refusals`, ...: the tables and views of ledger.sql by name.

    `refreshed_at`: as of when the copy is. `away_since`: since when the lake cannot be read, None while it can.
    """

    def __init__(self) -> None:
        self.copy = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": ""})  # all of it in memory
        mimic_ledger(self.copy)
        self.snapshot = -1
        self.extents: dict[str, Extent] = {}
        self.refreshed_at: datetime | None = None
        self.away_since: datetime | None = None
        self.asked_at = 0.0
        self.lock = threading.Lock()
        self.keeper: threading.Thread | None = None
        self.stopped = threading.Event()
        self.answers: dict[Hashable, tuple[object, Any]] = {}  # those of `once_a_snapshot`, each with its version

    def ask(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """Rows as dictionaries. The first question waits until the copy is made, later ones for nothing."""
        with self.open() as con:
            result = con.execute(query, values)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    @contextmanager
    def open(self) -> Iterator[DuckDBPyConnection]:
        """A connection to the copy, where the tables are named as in the lake too: `ledger.books`."""
        self.keep_up()
        with closing(self.point()) as con:
            yield con

    def point(self) -> DuckDBPyConnection:
        con = self.copy.cursor()
        con.execute("USE memory.ledger")
        return con

    def keep_up(self) -> None:
        """Have the copy made, and somebody who looks after it. Raises what a lake that is away raises, where no
        copy was ever made; an older one is better than none."""
        self.asked_at = time.monotonic()
        if self.keeper is None or not self.keeper.is_alive():
            self.catch_up()
            self.keeper = threading.Thread(target=self.follow, name="mirror", daemon=True)
            self.keeper.start()

    def follow(self) -> None:
        while not self.stopped.wait(PAUSE_S) and time.monotonic() - self.asked_at < IDLE_S:
            self.catch_up()

    def catch_up(self) -> None:
        """As `refresh`, where the lake can be read; else the copy stays as it is, and says since when."""
        try:
            self.refresh()
        except (duckdb.Error, psycopg.Error, ConnectionError):
            forget_engines()
            self.away_since = self.away_since or utc_now()
            if self.refreshed_at is None:
                raise

    def stop(self) -> None:
        """End the thread and wait for it: nothing is read of the lake after that."""
        self.stopped.set()
        if self.keeper is not None:
            self.keeper.join()

    def refresh(self) -> None:
        """Bring the copy up to the newest snapshot: after a change of one's own, to see it at once."""
        with self.lock:
            newest, extents = read_newest(load_settings())
            if newest > self.snapshot:
                grown = [name for name, extent in extents.items() if extent != self.extents.get(name, (extent[0], 0))]
                with closing(connect(read_only=True)) as lake, closing(self.point()) as copy:
                    verify_lake_version(lake)
                    copy_ledger(lake, copy, grown, self.snapshot, newest)
                self.snapshot, self.extents = newest, extents
            self.refreshed_at, self.away_since = utc_now(), None


def read_newest(settings: Settings) -> tuple[int, dict[str, Extent]]:
    """The newest snapshot and the ledger's tables in it, asked of the catalogue itself: a millisecond, where attaching
    takes many, and where each table that has not grown would take ten."""
    with psycopg.connect(settings.catalog_url, connect_timeout=5) as session:
        rows = session.execute(NEWEST).fetchall()
    newest = rows[0][0] if rows[0][0] is not None else -1
    return newest, {name: (table_id, count) for _, name, table_id, count in rows if name is not None}


def copy_ledger(
    lake: DuckDBPyConnection, copy: DuckDBPyConnection, names: Iterable[str], known: int, newest: int
) -> None:
    """Add the rows of the snapshots after `known` to these tables; all rows of one that is not in the copy yet, or that
    has other columns since."""
    there = {row[0] for row in copy.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for name in names:
        query = f"SELECT * FROM ledger.{name} AT (VERSION => {newest}) WHERE snapshot_id > ?"
        rows = lake.execute(query, [known if name in there else -1]).to_arrow_table()
        if name in there and not set(rows.column_names) <= set(list_columns(copy, name)):
            copy.execute(f"DROP TABLE {name}")
            there.remove(name)
            rows = lake.execute(query, [-1]).to_arrow_table()
        add_rows(copy, name, rows, name in there)
    changes = copy.execute(CHANGES, {"known": known}).to_arrow_table()
    add_rows(copy, "changes", changes, "changes" in there)


def list_columns(copy: DuckDBPyConnection, table: str) -> list[str]:
    return [column[0] for column in copy.execute(f"SELECT * FROM {table} LIMIT 0").description or ()]


def add_rows(copy: DuckDBPyConnection, name: str, rows: Any, is_there: bool) -> None:
    """Insert an Arrow table into the copy's table, which is made where it is not there."""
    copy.register("added", hide_values(rows))
    copy.execute(f"{f'INSERT INTO {name} BY NAME' if is_there else f'CREATE TABLE {name} AS'} SELECT * FROM added")
    copy.unregister("added")


def hide_values(rows: pa.Table) -> pa.Table:
    """The same without the values that reasons of earlier versions quote: pages show them to whoever may look."""
    for name in {"reason", "sentence"} & set(rows.column_names):
        texts = rows[name].to_pylist()
        hidden = [text and hide_quoted(text) for text in texts]
        if hidden != texts:
            rows = rows.set_column(rows.column_names.index(name), name, pa.array(hidden, rows.schema.field(name).type))
    return rows


def once_a_snapshot(answer: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Keep what a question about the whole lake was answered until the lake changes. Its arguments must be hashable."""

    @wraps(answer)
    def ask(*values: Asked.args, **named: Asked.kwargs) -> Answer:
        MIRROR.keep_up()
        version, known = (MIRROR.snapshot, utc_now().date()), MIRROR.answers
        key = (answer, *values, *sorted(named.items()))
        if key not in known or known[key][0] != version:
            known[key] = (version, answer(*values, **named))
        found: Answer = known[key][1]
        return found

    return ask


MIRROR = Mirror()
