"""What is asked of a stream's events beyond their own content: which are there already, and how late they come.

A copy of an event says the same time as the first one. So only the rows of those hours that a batch speaks of are
looked at, which the files' statistics make cheap, and no memory of past events is kept: any consumer finds them.
How old an hour is makes no difference, but for one thing: hours that are past `duplicates_within` and hold very many
rows are left alone, and the run says of how many events it cannot tell whether they are copies.
"""

from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.declarations.counting import count_nouns
from watershed.declarations.table import EVENT_ID, Source, Stream, Table
from watershed.flows.staged import Lateness
from watershed.quality.verdict import RuleResult
from watershed.warehouse.connection import quote

MOST_SPANS = 24
MOST_ROWS = 50_000_000  # of old hours, that one slice is compared with: their ids are read in some ten seconds
COPIES_TOLD = "copies_told"  # the rule that every event of a stream can be told from a copy of another


class Spans(NamedTuple):
    """Conditions for the times that a batch speaks of: those that arrived in time for their copies to be found
    whatever it costs, and older ones; `false` where there are none."""

    recent: str
    old: str


def mark_duplicates(
    con: DuckDBPyConnection, stream: Stream, table: Table, objects: list[str], staged: list[str]
) -> int:
    """Add `is_duplicate` to the temporary table `parsed`: an earlier row of it has the event's id, or the files
    `staged` by this run, or a published row that is of none of the raw `objects` that this run replaces.

    Returns the number of events for which published rows were not asked.
    """
    spans = find_spans(con, stream, table)
    con.register("replaced_objects", pa.table({"raw_object": objects}))
    rows = [
        f"lake.{t.address} ANTI JOIN replaced_objects USING (raw_object)" for t in list_tables() if t.name == table.name
    ]
    rows += [f"read_parquet({quote(file)})" for file in staged]
    is_told = spans.old == "false" or not holds_more(con, rows, spans.old)
    asked = f"({spans.recent}) OR ({spans.old})" if is_told else spans.recent
    own = "event_id IN (SELECT event_id FROM parsed WHERE problem IS NULL)"  # what is found is never more than that
    seen = " UNION ALL ".join(f"SELECT event_id FROM {one} WHERE ({asked}) AND {own}" for one in rows)
    con.execute(f"CREATE OR REPLACE TEMP TABLE seen AS {seen}")
    con.unregister("replaced_objects")
    mark_seen(con)
    return 0 if is_told else count_untold(con, spans.old)


def holds_more(con: DuckDBPyConnection, rows: list[str], condition: str) -> bool:
    """Whether more than MOST_ROWS rows have such a time."""
    found = " UNION ALL ".join(f"SELECT 1 FROM {one} WHERE {condition}" for one in rows)
    counted = con.execute(f"SELECT count(*) FROM ({found} LIMIT {MOST_ROWS + 1})").fetchone()
    return counted is not None and counted[0] > MOST_ROWS


def mark_seen(con: DuckDBPyConnection) -> None:
    """Tell the rows whose id is among those `seen`, and all but the first of those that share one."""
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


def count_untold(con: DuckDBPyConnection, condition: str) -> int:
    query = f"SELECT count(*) FROM parsed WHERE problem IS NULL AND NOT is_duplicate AND ({condition})"
    counted = con.execute(query).fetchone()
    return int(counted[0]) if counted else 0


def tell_untold(source: Source, count: int) -> list[RuleResult]:
    """A failed check where so many events of a stream could not be compared with what is published."""
    if not isinstance(source, Stream) or not count:
        return []
    reason = (
        f"{count_nouns(count, 'event')} came older than duplicates_within ({source.duplicates_within}), and of "
        f"their hours more than {MOST_ROWS:,} are published: whether they are copies is not known; let "
        "duplicates_within reach back to them, then rebuild the days that they are in"
    )
    return [RuleResult(COPIES_TOLD, EVENT_ID.name, "info", count, count, False, reason)]


def find_spans(con: DuckDBPyConnection, stream: Stream, table: Table) -> Spans:
    """The time between the first and the last event of each hour that the batch speaks of, and no time at all where it
    has events without one. Microseconds since 1970: not every time of a lake is one of Python's."""
    if (moment := moment_sql(table)) is None:
        return Spans(recent="false", old="true")
    arrived = con.execute("SELECT epoch_us(max(received_at)) FROM records").fetchone()
    reach = (arrived[0] if arrived else 0) - int(stream.duplicates_within.total_seconds() * 1_000_000)
    found = con.execute(
        f"""SELECT epoch_us(min({moment})) AS first, epoch_us(max({moment}))
            FROM parsed WHERE problem IS NULL AND event_id IS NOT NULL AND isfinite({moment})
            GROUP BY date_trunc('hour', {moment}) ORDER BY first"""
    ).fetchall()
    is_timeless = f"({moment} IS NULL OR NOT isfinite({moment}))"
    timeless = con.execute(f"SELECT 1 FROM parsed WHERE problem IS NULL AND {is_timeless} LIMIT 1").fetchone()
    recent, old = ([span for span in found if (span[1] >= reach) == is_recent] for is_recent in (True, False))
    conditions = [span_sql(moment, *span) for span in join_spans(old)] + [is_timeless] * (timeless is not None)
    return Spans(
        " OR ".join(span_sql(moment, *span) for span in join_spans(recent)) or "false",
        " OR ".join(conditions) or "false",
    )


def moment_sql(table: Table) -> str | None:
    """The column that says when an event happened, if one does."""
    column = table.event_time or table.day
    return None if column is None else f'"{column}"'


def join_spans(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """At most MOST_SPANS that cover these, which are in order: the widest gaps stay."""
    gaps = sorted(range(1, len(spans)), key=lambda n: spans[n][0] - spans[n - 1][1], reverse=True)
    ends = [*sorted(gaps[: MOST_SPANS - 1]), len(spans)]
    return [(spans[first][0], spans[end - 1][1]) for first, end in pairwise([0, *ends])] if spans else []


def span_sql(moment: str, first: int, last: int) -> str:
    return f"{moment} BETWEEN make_timestamp({first}) AND make_timestamp({last})"


def measure_lateness(con: DuckDBPyConnection, table: Table) -> Lateness | None:
    """Seconds from the times that the events say to the arrival of their batch; None without an event."""
    if (moment := moment_sql(table)) is None:
        return None
    measured = con.execute(
        f"""SELECT count(*), quantile_cont(late, 0.5), quantile_cont(late, 0.99), max(late), min(late)
            FROM (SELECT epoch((SELECT max(received_at) FROM records)) - epoch({moment}) AS late
                  FROM parsed WHERE problem IS NULL AND NOT is_duplicate)"""
    ).fetchone()
    if measured is None or not measured[0]:
        return None
    return Lateness(*measured)
