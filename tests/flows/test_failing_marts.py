"""A mart or a day that cannot be built is red by name, and stops no other; no sum is too great for its column."""

from datetime import date
from decimal import Decimal

import pytest

from tests.empty_lake import EmptyLake
from watershed.cli.main import main as watershed
from watershed.flows.marts import MartsFailed, build_mart, build_stale_mart, build_stale_marts
from watershed.lake.store import open_store
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

HUGE = 9_000_000_000_000_000_000
MANY = 20_000  # rows that DuckLake writes into a file of their own
REQUESTS = """
    INSERT INTO core.requests BY NAME
    SELECT {day} + INTERVAL 10 HOUR AS requested_at, 'c' AS client_host, '/a' AS path, {size} AS response_bytes,
        200 AS status, 'o' AS raw_object, n AS raw_line
    FROM range({rows}) AS r (n)
"""
PHOTOS = """
    INSERT INTO core.photos BY NAME
    SELECT n AS photo_id, 1 AS user_id, '/p' AS path, {size} AS file_bytes, {day} AS uploaded_at, {day} AS updated_at,
        {day} AS valid_from, true AS is_current, false AS is_deleted, 'o' AS raw_object, n AS raw_line
    FROM range({rows}) AS r (n)
"""
FIRST = "TIMESTAMP '2025-11-01'"


def test_sums_hold_what_older_rules_let_through(lake: EmptyLake) -> None:
    con, day = connect(), date(2025, 11, 1)
    for insert in (REQUESTS, PHOTOS):
        con.execute(insert.format(day=FIRST, size=HUGE, rows=3))
    for mart, column in (("traffic_hourly", "response_bytes"), ("top_pages", "response_bytes")):
        assert build_mart(mart, mart, day, force=True)
        assert con.execute(f"SELECT {column} FROM mart.{mart}").fetchall() == [(Decimal(3 * HUGE),)]
    for mart in ("uploads_daily", "storage_by_user"):
        assert build_mart(mart, mart, day, force=True)
        assert con.execute(f"SELECT file_bytes FROM mart.{mart}").fetchall() == [(Decimal(3 * HUGE),)]


def test_a_failing_day_stops_no_other(lake: EmptyLake, capsys: pytest.CaptureFixture[str]) -> None:
    for day in (1, 2, 3):
        moment = f"TIMESTAMP '2025-11-0{day}'"
        connect().execute(REQUESTS.format(day=moment, size=day, rows=MANY))
        connect().execute(f"INSERT INTO ledger.days VALUES ('r', 1, 'core.requests', 'o', {moment}, {MANY})")
    lose_file("core.requests", 1)
    assert watershed(["run", "build_marts", "--in-process"]) == 1
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    for name in ("mart.top_pages of 2025-11-02", "mart.traffic_hourly of 2025-11-02"):
        assert f"{name} stays as it was, since its query fails: " in shown.err
    assert "warehouse/marts/top_pages.sql, or the rows that it reads" in shown.err
    assert "top_pages: 2 partitions" in shown.out
    query = "SELECT CAST(hour_at AS DATE), response_bytes FROM mart.traffic_hourly ORDER BY ALL"
    built = [(date(2025, 11, 1), Decimal(MANY)), (date(2025, 11, 3), Decimal(3 * MANY))]
    assert connect().execute(query).fetchall() == built

    with pytest.raises(MartsFailed, match="traffic_hourly of 2025-11-02 stays as it was") as caught:
        build_stale_mart("traffic_hourly", "again", force=True)
    assert caught.value.built == {"traffic_hourly": ["2025-11-01", "2025-11-03"]}


def test_a_mart_that_reads_a_failing_one_is_named(lake: EmptyLake) -> None:
    con = connect()
    traced = "TIMESTAMP '2025-11-01' AS rated_at, 1 AS user_id, 'film' AS film_id, 'o' AS raw_object, 1 AS raw_line"
    con.execute(f"INSERT INTO core.ratings BY NAME SELECT {traced}, 5 AS rating, 5 AS rating_max FROM range({MANY})")
    con.execute("INSERT INTO ledger.days VALUES ('r', 1, 'core.watch_minutes', 'o', DATE '2025-11-01', 1)")
    lose_file("core.ratings", 0)
    with pytest.raises(MartsFailed) as caught:
        build_stale_marts("marts", date(2025, 11, 1))
    assert str(caught.value).startswith("core.films stays as it was, since its query fails: HTTP Error")
    for name in ("mart.film_ratings", "mart.film_popularity_daily"):
        assert f"{name} stays as it was: it reads core.films, which was not built" in str(caught.value)
    assert caught.value.built["camera_shares"] == ["whole"]


def lose_file(table: str, place: int) -> None:
    """Delete one of the Parquet files of a table from the object store."""
    con, store = connect(), open_store()
    con.execute("SET GLOBAL enable_external_file_cache = false")
    schema, _, name = table.partition(".")
    listed = con.execute(
        f"SELECT data_file FROM ducklake_list_files('lake', '{name}', schema => '{schema}')"
    ).fetchall()
    store.client.delete_object(Bucket=store.bucket, Key=listed[place][0].partition(f"{store.bucket}/")[2])
