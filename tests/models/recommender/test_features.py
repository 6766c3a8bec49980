"""What counts as an interaction, and at which version of the lake."""

from datetime import timedelta

import pyarrow as pa
import pytest

from contracts.interactions import FEATURES
from models.recommender import MODEL
from tests.empty_lake import EmptyLake
from tests.models.published import NOON, rate, watch
from watershed.lake.store import open_store, side_key
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import read_snapshot

pytestmark = pytest.mark.servers

def read(**wanted: object) -> list[tuple[object, ...]]:
    rows = MODEL.read_features(connect(), **wanted).to_pylist()  # type: ignore[arg-type]
    return [tuple(row.values()) for row in rows]


def test_a_film_counts_when_rated_or_watched_for_five_minutes(lake: EmptyLake) -> None:
    rate(2, "b", rating=1)
    watch(1, "five", [0, 1, 59, 60, 119])
    watch(1, "four", [0, 1, 2, 3, 3, 3])
    watch(1, "hours", [0, 60, 120, 180, 599])
    assert read() == [
        (1, "five", NOON + timedelta(minutes=4)),
        (1, "hours", NOON + timedelta(minutes=4)),
        (2, "b", NOON),
    ]


def test_the_later_of_both_counts_and_a_film_once(lake: EmptyLake) -> None:
    watch(1, "a", [0, 1, 2, 3, 4])
    rate(1, "a", NOON - timedelta(days=3))
    rate(1, "a", NOON + timedelta(days=3))
    rate(1, "b", NOON - timedelta(days=1))
    assert read() == [(1, "b", NOON - timedelta(days=1)), (1, "a", NOON + timedelta(days=3))]


def test_an_old_version_stays_as_it_was(lake: EmptyLake) -> None:
    rate(1, "a")
    snapshot = read_snapshot(connect())
    rate(1, "b")
    watch(2, "a", [0, 1, 2, 3, 4])
    assert read(snapshot=snapshot) == [(1, "a", NOON)]
    assert len(read()) == 3


def test_some_users_only(lake: EmptyLake) -> None:
    for user in (1, 2, 3):
        rate(user, "a")
    con = connect()
    con.execute("CREATE TEMP TABLE changed AS SELECT unnest([1, 3]) AS user_id")
    assert MODEL.read_features(con, units="temp.changed")["user_id"].to_pylist() == [1, 3]


def test_a_file_holds_the_same(lake: EmptyLake) -> None:
    for user in range(50, 0, -1):
        rate(user, f"film {user % 7}", NOON - timedelta(days=user % 5))
    address = open_store(load_settings()).address(side_key("run", "features"))
    assert MODEL.write_features(connect(), address, read_snapshot(connect())) == 50
    table = connect().execute(f"FROM read_parquet('{address}')").to_arrow_table()
    assert table.cast(FEATURES.arrow_schema) == MODEL.read_features(connect())


def test_without_rows_it_is_an_empty_table(lake: EmptyLake) -> None:
    assert MODEL.read_features(connect()) == pa.table(FEATURES.arrow_schema.empty_table())
