"""Daily states of photos in a real lake: built with the other marts, again where events came late, never too early."""

from datetime import date, datetime, timedelta

import pytest

from contracts.photo_events import TABLE
from tests.empty_lake import EmptyLake
from tests.warehouse.photo_lake import EVER, Row
from tests.warehouse.test_photo_fold import FIRST, fold, make_event
from watershed.flows.marts import build_stale_mart, build_stale_marts
from watershed.lake.store import open_store, table_key
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import fetch_column, insert_rows, utc_now
from watershed.warehouse.ledger.rows import DayRow
from watershed.warehouse.publication import Books, LedgerRows
from watershed.warehouse.publish import Publication, TablePart, publish
from watershed.warehouse.schema.evolution import describe_columns

pytestmark = pytest.mark.servers

ADDED = make_event("added", "addPhoto", user_id=7, path="/1", file_bytes=10)
RENAMED = make_event("renamed", "updatePhotoData", version=2, title="two", occurred_at=FIRST + timedelta(days=1))
REPLACED = make_event("replaced", "replacePhoto", version=3, path="/3", occurred_at=FIRST + timedelta(days=3))
OTHER = make_event("other", "addPhoto", photo_id=2, user_id=8, path="/2", occurred_at=FIRST + timedelta(days=3))


def publish_events(name: str, *events: Row) -> None:
    """One raw object of events, all received on one day."""
    con, key = connect(), f"raw/photo_events/{name}"
    file = open_store().address(table_key(TABLE.address, name))
    declared = describe_columns(TABLE.address, TABLE.all_columns).values()
    columns = ", ".join(column.definition.removesuffix(" NOT NULL") for column in declared)
    con.execute(f"CREATE TEMP TABLE arrived ({columns})")
    insert_rows(con, "arrived", [{**e, "raw_object": key, "raw_line": n} for n, e in enumerate(events, 1)])
    con.execute(f"COPY arrived TO '{file}' (FORMAT parquet)")
    count = len(events)
    books = Books("photo_events", TABLE.address, key, name, 1, name, FIRST, count, count, 0, 0, 0)
    rows = LedgerRows(days=[DayRow(TABLE.address, key, events[0]["received_at"].date(), count)])
    publish(Publication(name, "photo_events", "test", (TablePart(TABLE.address, (file,)),), (books,), rows))


def read_photos(moment: datetime) -> dict[int, Row]:
    rows = connect(read_only=True).execute("FROM core.photos_as_of(?)", [moment]).to_arrow_table().to_pylist()
    return {row["photo_id"]: row for row in rows}


def list_state_days() -> list[date]:
    return fetch_column(connect(read_only=True), "SELECT state_date FROM core.photo_state_days ORDER BY 1")


def test_states_follow_the_events(lake: EmptyLake) -> None:
    publish_events("first", ADDED)
    publish_events("second", RENAMED)
    publish_events("third", REPLACED, OTHER)
    days = [FIRST.date() + timedelta(days=n) for n in (0, 1, 3)]
    assert build_stale_marts("build-1")["photo_states"] == [str(day) for day in days]
    assert list_state_days() == days
    assert build_stale_mart("photo_states", "build-2") is None

    late = make_event("late", "updatePhotoData", version=9, camera_id=5, received_at=FIRST + timedelta(hours=30))
    publish_events("late", late)
    events = [ADDED, RENAMED, REPLACED, OTHER, late]
    assert list_state_days() == days[:1]
    check_moments(events)
    built = build_stale_mart("photo_states", "build-3")
    assert built is not None and built.days == 2
    assert list_state_days() == days
    check_moments(events)


def check_moments(events: list[Row]) -> None:
    for moment in [event["received_at"] for event in events] + [FIRST + timedelta(days=2), EVER]:
        assert read_photos(moment) == fold([e for e in events if e["received_at"] <= moment])


def test_a_day_that_is_not_over_has_no_state(lake: EmptyLake) -> None:
    now = utc_now()
    publish_events("today", {**ADDED, "received_at": now}, {**OTHER, "received_at": now})
    assert "photo_states" not in build_stale_marts("build")
    assert sorted(read_photos(EVER)) == [1, 2]
    assert read_photos(now - timedelta(seconds=1)) == {}


def test_differences_to_the_accounts_are_listed(lake: EmptyLake) -> None:
    names = ("photo_id", "user_id", "camera_id", "path", "file_bytes")
    accounts = [(1, 7, None, "/1", 10), (2, 8, None, "/other", 11), (4, 9, None, "/4", 12)]
    others = {"uploaded_at": FIRST, "updated_at": FIRST, "valid_from": FIRST, "is_current": True, "is_deleted": False}
    traced = {"raw_object": "raw/accounts", "raw_line": 1, **others}
    con = connect(load_settings())
    insert_rows(con, "core.photos", [{**dict(zip(names, row, strict=True)), **traced} for row in accounts])
    publish_events("events", ADDED, OTHER, {**OTHER, "event_id": "third", "photo_id": 3})
    build_stale_marts("build")
    found = con.execute("SELECT photo_id, differences, event_path, account_path FROM mart.photo_differences ORDER BY 1")
    assert found.fetchall() == [
        (2, ["path"], "/2", "/other"),
        (3, ["only in events"], "/2", None),
        (4, ["only in accounts"], None, "/4"),
    ]
