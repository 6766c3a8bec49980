"""What is asked of a stream's events beyond their own content: which are there already, and how late they come.

A copy of an event says the same time as the first one. So only the rows of those hours that a batch speaks of are
looked at, which the files' statistics make cheap, and no memory of past events is kept: any consumer finds them.
"""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from contracts import list_tables
from contracts.table import Stream, Table
from warehouse.connection import quote

MOST_SPANS = 24


def mark_duplicates(
    con: DuckDBPyConnection, stream: Stream, table: Table, objects: list[str], staged: list[str]
) -> None:
    """Add `is_duplicate` to the temporary table `parsed`: an earlier row of it has the event's id, or the files
    `staged` by this run, or a published row that is of none of the raw `objects` that this run replaces."""
    spans = find_spans(con, stream, table)
    con.register("replaced_objects", pa.table({"raw_object": objects}))
    layers = [f"lake.{one.address}" for one in list_tables() if one.name == table.name]
    seen = [f"SELECT event_id FROM {a} ANTI JOIN replaced_objects USING (raw_object) WHERE {spans}" for a in layers]
    seen += [f"SELECT event_id FROM read_parquet({quote(file)}) WHERE {spans}" for file in staged]
    con.execute(f"CREATE OR REPLACE TEMP TABLE seen AS {' UNION ALL '.join(seen)}")
    # Few ids are there twice, and a window over all rows would cost as much as the transform.
    con.execute(
        """CREATE OR REPLACE TEMP TABLE copies AS
           SELECT rowid AS place FROM parsed SEMI JOIN (
               SELECT event_id FROM parsed WHERE problem IS NULL GROUP BY event_id HAVING count(*) > 1
           ) USING (event_id)
           WHERE problem IS NULL
           QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY raw_object, raw_line) > 1"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE parsed AS
           SELECT *, problem IS NULL AND (
               event_id IN (SELECT event_id FROM seen WHERE event_id IS NOT NULL) OR rowid IN (FROM copies)
           ) IS TRUE AS is_duplicate
           FROM parsed"""
    )
    con.unregister("replaced_objects")


def find_spans(con: DuckDBPyConnection, stream: Stream, table: Table) -> str:
    """A condition for the time between the first and the last event of each hour that the batch speaks of.

    How far back is counted from the newest event, from the arrival at most: else one clock that is years ahead would
    hide the copies of all others.
    """
    moment = f'"{table.event_time or table.day}"'
    reach = f"INTERVAL ({stream.duplicates_within.total_seconds()}) SECOND"
    found = con.execute(
        f"""WITH moments AS (
                SELECT date_trunc('hour', {moment}) AS hour, min({moment}) AS first, max({moment}) AS last
                FROM parsed WHERE problem IS NULL AND event_id IS NOT NULL GROUP BY hour
            )
            SELECT first, last FROM moments
            WHERE last >= (SELECT least(max(last), (SELECT max(received_at) FROM records)) FROM moments) - {reach}
            ORDER BY first"""
    ).fetchall()
    if len(found) > MOST_SPANS:
        found = [(found[0][0], found[-1][1])]
    return " OR ".join(f"{moment} BETWEEN TIMESTAMP '{a}' AND TIMESTAMP '{b}'" for a, b in found) or "false"


def measure_lateness(con: DuckDBPyConnection, table: Table) -> dict[str, Any] | None:
    """Seconds from the times that the events say to the arrival of their batch; None without an event."""
    moment = f'"{table.event_time or table.day}"'
    measured = con.execute(
        f"""SELECT count(*), quantile_cont(late, 0.5), quantile_cont(late, 0.99), max(late), min(late)
            FROM (SELECT epoch((SELECT max(received_at) FROM records)) - epoch({moment}) AS late
                  FROM parsed WHERE problem IS NULL AND NOT is_duplicate)"""
    ).fetchone()
    if measured is None or not measured[0]:
        return None
    names = ("row_count", "late_p50_s", "late_p99_s", "late_max_s", "late_min_s")
    return dict(zip(names, measured, strict=True))
