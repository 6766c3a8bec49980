"""What every publish recorded: books, days, checks, inputs, drift, refusals. It tells what is new and what is stale."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.warehouse.publication import Publication


def write_ledger(con: DuckDBPyConnection, publication: Publication, snapshot: int) -> None:
    """Insert a publication's rows. The caller's transaction makes them visible together with the data."""
    own = {"run_id": publication.run_id, "snapshot_id": snapshot}
    totals = {
        f"rows_{what}": sum(getattr(b, f"rows_{what}") for b in publication.books)
        for what in ("read", "written", "quarantined", "deduplicated", "filtered")
    }
    totals["rows_written"] += publication.rows_made
    publish_row = (
        own
        | totals
        | {
            "subject": publication.subject,
            "actor": publication.actor,
            "published_at": utc_now(),
            "stage_ms": publication.timings.get("stage", 0),
            "check_ms": publication.timings.get("check", 0),
        }
    )
    insert_rows(con, "ledger.publishes", [publish_row] if publication.parts else [])
    insert_rows(con, "ledger.books", [own | asdict(b) for b in publication.books])
    for name, rows in vars(publication.rows).items():
        insert_rows(con, f"ledger.{name}", [own | vars(row) for row in rows])
    if publication.event is not None:
        insert_rows(con, "ledger.lineage_events", [own | {"event_json": publication.event(snapshot)}])


def name_run(dag_id: str, run_id: str) -> str:
    """The ledger's id of a run of Airflow: safe as a part of an object key."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{dag_id}.{run_id}")


def insert_rows(con: DuckDBPyConnection, address: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        con.register("ledger_rows", pa.Table.from_pylist(rows))
        con.execute(f"INSERT INTO {address} BY NAME SELECT * FROM ledger_rows")
        con.unregister("ledger_rows")


def name_quarantine(address: str) -> str:
    """Where the bad rows of a table are, in whichever layer it is."""
    return f"quarantine.{address.rpartition('.')[2]}"


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def fetch_column(con: DuckDBPyConnection, query: str, values: Iterable[object] = ()) -> list[Any]:
    return [row[0] for row in con.execute(query, list(values)).fetchall()]


def list_published(con: DuckDBPyConnection, source: str) -> set[str]:
    """Raw objects of a source that are published."""
    return set(fetch_column(con, "SELECT DISTINCT raw_object FROM ledger.books WHERE source = ?", [source]))


def list_known(con: DuckDBPyConnection, source: str) -> dict[str, datetime]:
    """Raw objects of a source that are published or refused, each with when what was published had been written, or
    when it was refused."""
    query = """
        SELECT raw_object, max(known_at) FROM (
            SELECT raw_object, arrived_at AS known_at FROM ledger.books WHERE source = $source
            UNION ALL SELECT raw_object, refused_at FROM ledger.refusals WHERE source = $source
        ) GROUP BY raw_object
    """
    return dict(con.execute(query, {"source": source}).fetchall())


def list_published_among(con: DuckDBPyConnection, tables: list[str], objects: Iterable[str]) -> set[str]:
    """Those of these raw objects that were published in one of the tables."""
    query = """
        SELECT DISTINCT raw_object FROM ledger.books
        WHERE list_contains(?, table_name) AND list_contains(?, raw_object)
    """
    return set(fetch_column(con, query, [tables, list(objects)]))


def find_latest_extraction(
    con: DuckDBPyConnection, source: str, is_published: bool = True
) -> tuple[str, int, datetime] | None:
    """Raw object, number and `seen_at` of the extraction of a database that was taken last, of those published or of
    all that a run has taken up; None when the ledger knows of none."""
    query = """
        SELECT raw_object, number, seen_at FROM ledger.extractions
        WHERE source = ? AND (NOT ? OR raw_object IN (SELECT raw_object FROM ledger.books))
        ORDER BY number DESC, snapshot_id DESC LIMIT 1
    """
    return con.execute(query, [source, is_published]).fetchone()


def list_extractions(con: DuckDBPyConnection, source: str) -> set[str]:
    """The extractions of a database that a run has taken up."""
    return set(fetch_column(con, "SELECT DISTINCT raw_object FROM ledger.extractions WHERE source = ?", [source]))


def is_dropped(con: DuckDBPyConnection, tables: list[str]) -> bool:
    """Whether any of these tables was dropped and not filled since."""
    query = """
        SELECT 1 FROM ledger.decisions JOIN ledger.outcomes AS done USING (decision_id)
        WHERE kind = 'drop_table' AND list_contains(?, subject) AND NOT EXISTS (
            FROM ledger.books WHERE table_name = subject AND books.snapshot_id > done.snapshot_id
        ) LIMIT 1
    """
    return con.execute(query, [tables]).fetchone() is not None


def list_refused(con: DuckDBPyConnection, source: str) -> set[str]:
    """Raw objects of a source that are refused and not published."""
    return set(fetch_column(con, "SELECT raw_object FROM ledger.open_refusals WHERE source = ?", [source]))


def list_undecided(con: DuckDBPyConnection, source: str) -> set[str]:
    """Those of them that nobody has decided to leave refused."""
    query = "SELECT raw_object FROM ledger.open_refusals WHERE source = ? AND left_by IS NULL"
    return set(fetch_column(con, query, [source]))


def list_objects_of_days(con: DuckDBPyConnection, source: str, first: date, last: date) -> set[str]:
    """A source's raw objects that hold, or once held, rows of these days; objects none of whose rows has a day count as
    of the day they arrived. What another object has taken the place of is not rebuilt: that one is."""
    query = """
        SELECT DISTINCT books.raw_object
        FROM ledger.books AS books
        LEFT JOIN ledger.days AS days USING (table_name, raw_object)
        WHERE books.source = ?
            AND books.raw_object NOT IN (SELECT raw_object FROM ledger.objects WHERE superseded_by IS NOT NULL)
        GROUP BY books.raw_object
        HAVING bool_or(days.day BETWEEN ? AND ?)
            OR (count(days.day) = 0 AND CAST(min(books.arrived_at) AS DATE) BETWEEN ? AND ?)
    """
    return set(fetch_column(con, query, [source, first, last, first, last]))


def list_days_of(
    con: DuckDBPyConnection, tables: Iterable[str], objects: Iterable[str]
) -> dict[str, set[tuple[str, date]]]:
    """By table, object and day of what these objects last published into it."""
    query = """
        SELECT table_name, raw_object, day FROM ledger.days
        WHERE list_contains(?, table_name) AND list_contains(?, raw_object)
        QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY table_name, raw_object) AND row_count > 0
    """
    found: dict[str, set[tuple[str, date]]] = {table: set() for table in tables}
    for table, *place in con.execute(query, [list(found), list(objects)]).fetchall() if found else ():
        found[table].add((place[0], place[1]))
    return found


def count_rows_per_day(con: DuckDBPyConnection, table: str, without: Iterable[str]) -> dict[date, int]:
    """Published rows of a table by day, those of the objects `without` left out."""
    query = """
        WITH own AS MATERIALIZED (  -- else the window is a join, and the table is read twice
            SELECT raw_object, day, row_count, snapshot_id FROM ledger.days
            WHERE table_name = ? AND NOT list_contains(?, raw_object)
        )
        SELECT day, sum(row_count)::BIGINT
        FROM (FROM own QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY raw_object)) GROUP BY day
    """
    return dict(con.execute(query, [table, list(without)]).fetchall())


def list_known_fields(con: DuckDBPyConnection, source: str) -> set[tuple[str, str]]:
    """Path and JSON type of every field ever published from a source's documents."""
    return set(con.execute("SELECT DISTINCT path, json_type FROM ledger.fields WHERE source = ?", [source]).fetchall())


def read_positions(con: DuckDBPyConnection, topic: str) -> dict[int, int]:
    """By partition the first offset of a topic that is not published."""
    query = "SELECT partition, max(next_offset) FROM ledger.offsets WHERE topic = ? GROUP BY partition"
    return dict(con.execute(query, [topic]).fetchall())
