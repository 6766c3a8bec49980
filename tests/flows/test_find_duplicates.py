"""Which events are there already: whatever their time, as long as the first one is published."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from contracts.watch_minutes import WATCH_EVENTS
from watershed.declarations import find_table
from watershed.flows.ingest.find_duplicates import MOST_SPANS, find_spans, join_spans, mark_duplicates, tell_untold

TABLE = find_table("speed.watch_minutes")
ARRIVED = datetime(2026, 11, 1, 12)
SEPTEMBER = datetime(2026, 9, 12, 8)
YEARS = [datetime(year, 3, 1, 7, 30) for year in range(1990, 2090)]
Event = tuple[str, datetime | str | None]


@pytest.fixture
def con() -> Iterator[DuckDBPyConnection]:
    """A lake with the two layers of one table, empty."""
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS lake")
        for schema in ("core", "speed"):
            connection.execute(f"CREATE SCHEMA lake.{schema}")
            connection.execute(
                f"CREATE TABLE lake.{schema}.watch_minutes (event_id VARCHAR, watched_at TIMESTAMP, raw_object VARCHAR)"
            )
        yield connection


def publish(con: DuckDBPyConnection, events: list[Event], layer: str = "speed", raw_object: str = "first") -> None:
    rows = [(event_id, moment, raw_object) for event_id, moment in events]
    con.executemany(f"INSERT INTO lake.{layer}.watch_minutes VALUES (?, ?, ?)", rows)


def parse(con: DuckDBPyConnection, events: list[Event], arrived: datetime = ARRIVED) -> None:
    """What one slice of a run has parsed."""
    con.execute("CREATE OR REPLACE TEMP TABLE records AS SELECT ?::TIMESTAMP AS received_at", [arrived])
    con.execute(
        """CREATE OR REPLACE TEMP TABLE parsed
           (event_id VARCHAR, watched_at TIMESTAMP, raw_object VARCHAR, raw_line BIGINT, problem VARCHAR)"""
    )
    rows = [(event_id, moment, number) for number, (event_id, moment) in enumerate(events, 1)]
    con.executemany("INSERT INTO parsed VALUES (?, ?, 'second', ?, NULL)", rows)


def find_new(con: DuckDBPyConnection, objects: list[str] | None = None) -> list[str]:
    """The ids of events that are no copies."""
    mark_duplicates(con, WATCH_EVENTS, TABLE, objects or ["second"], [])
    return [row[0] for row in con.execute("SELECT event_id FROM parsed WHERE NOT is_duplicate").fetchall()]


def spread(moments: list[datetime], copies: int = 1) -> list[Event]:
    return [(f"e{number}-{copy}", moment) for number, moment in enumerate(moments) for copy in range(copies)]


@pytest.mark.parametrize(
    "events",
    [
        spread([SEPTEMBER + timedelta(seconds=n) for n in range(100)] + [ARRIVED]),
        spread([SEPTEMBER, datetime(2099, 1, 1)]),
        spread([datetime(1970, 1, 1), ARRIVED, datetime(9999, 12, 31, 23, 59, 59)]),
        spread([SEPTEMBER], copies=50),
        spread(YEARS),
        spread([SEPTEMBER + timedelta(hours=n) for n in range(1000)]),
        [("a", None), ("b", None), ("c", SEPTEMBER)],
        [("a", "infinity"), ("b", "-infinity"), ("c", "0044-03-15 (BC) 12:00:00"), ("d", "290000-01-01 00:00:00")],
    ],
    ids=["one late", "a clock ahead", "all time", "old", "years", "many hours", "no time", "not our time"],
)
@pytest.mark.parametrize("arrived", [ARRIVED, ARRIVED + timedelta(days=90), SEPTEMBER], ids=["soon", "later", "clock"])
def test_what_is_sent_again_is_recognised(con: DuckDBPyConnection, events: list[Event], arrived: datetime) -> None:
    publish(con, events)
    parse(con, [*events, ("new", ARRIVED)], arrived)
    assert find_new(con) == ["new"]


def test_both_layers_are_asked(con: DuckDBPyConnection) -> None:
    events = spread(YEARS)
    publish(con, events[::2], "core")
    publish(con, events[1::2], "speed")
    parse(con, events)
    assert find_new(con) == []


def test_rows_of_replaced_objects_do_not_count(con: DuckDBPyConnection) -> None:
    publish(con, [("a", SEPTEMBER)], raw_object="first")
    publish(con, [("b", SEPTEMBER)], raw_object="other")
    parse(con, [("a", SEPTEMBER), ("b", SEPTEMBER), ("b", ARRIVED), ("c", SEPTEMBER)])
    assert find_new(con, ["second", "first"]) == ["a", "c"]


def test_hours_without_events_of_the_batch_are_not_read(con: DuckDBPyConnection) -> None:
    parse(con, spread([datetime(1970, 1, 1), SEPTEMBER, ARRIVED]))
    spans = find_spans(con, WATCH_EVENTS, TABLE)
    publish(con, spread([datetime(1970, 1, 2), SEPTEMBER + timedelta(minutes=1), ARRIVED - timedelta(hours=3)]))
    query = f"SELECT count(*) FROM lake.speed.watch_minutes WHERE {spans.recent} OR {spans.old}"
    assert con.execute(query).fetchall() == [(0,)]


def test_spans_are_joined_where_the_gaps_are_small() -> None:
    assert join_spans([]) == []
    assert join_spans([(1, 2)]) == [(1, 2)]
    hours = [(3600 * n, 3600 * n + 1800) for n in range(100)]
    joined = join_spans([(-(10**9), -(10**9) + 1), *hours, (10**9, 10**9)])
    assert (joined[0], joined[-1]) == ((-(10**9), -(10**9) + 1), (10**9, 10**9))
    assert len(joined) == MOST_SPANS
    assert all(any(a <= first and last <= b for a, b in joined) for first, last in hours)


def test_what_is_too_much_to_look_at_is_told(con: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old events in hours that hold many rows are left alone; recent ones never are."""
    monkeypatch.setattr("watershed.flows.ingest.find_duplicates.MOST_ROWS", 5)
    old, recent = spread([SEPTEMBER], copies=6), [(f"r{n}", ARRIVED) for n in range(9)]
    publish(con, [*old, *recent])
    parse(con, [*old, *old[:1], *recent, ("new", ARRIVED)])
    assert mark_duplicates(con, WATCH_EVENTS, TABLE, ["second"], []) == 6
    assert con.execute("SELECT count(*) FROM parsed WHERE NOT is_duplicate").fetchall() == [(7,)]
    [check] = tell_untold(WATCH_EVENTS, 6)
    assert (check.rows_failed, check.is_success) == (6, False)
    assert check.reason.startswith("6 events came older than duplicates_within (1 day, 0:00:00)")
    con.execute("DELETE FROM lake.speed.watch_minutes WHERE event_id = 'e0-4'")
    parse(con, [*old[:4], *recent])
    assert mark_duplicates(con, WATCH_EVENTS, TABLE, ["second"], []) == 0
    assert tell_untold(WATCH_EVENTS, 0) == []
