"""What became of recommendations: each request is joined to the list that held for the user at that moment."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.empty_lake import EmptyLake
from tests.models.published import NOON, insert, watch
from watershed.flows.marts import build_mart
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

COLUMNS = "model_version, request_count, viewer_count, shown_count, predicted_count, watched_count"
SHARES = "model_version, predicted_share, watched_share, other_watched_share"


def predict(user: int, version: int, films: list[str], at: datetime) -> None:
    connect().execute(
        "INSERT INTO ml.predictions VALUES (?, ?, ?, ?, 1, ?)", [at, user, films, version, f"run-{version}"]
    )


def show(user: int, films: list[str], at: datetime, status: int = 200) -> None:
    row = {"requested_at": at, "user_id": user, "server": "recommender-1:8082", "status": status, "film_ids": films}
    insert("core.recommendation_requests", [row])


def read(columns: str) -> list[tuple[Any, ...]]:
    build_mart("recommendation_quality_daily", f"mart-{columns[-5:]}", NOON.date(), force=True)
    query = f"SELECT {columns} FROM mart.recommendation_quality_daily WHERE requested_date = ? ORDER BY model_version"
    return connect().execute(query, [NOON.date()]).fetchall()


def test_the_list_that_held_counts(lake: EmptyLake) -> None:
    hour = timedelta(hours=1)
    predict(1, 1, ["a", "b", "c"], NOON - timedelta(days=2))
    predict(1, 2, ["c", "d"], NOON + hour)
    predict(2, 2, ["a"], NOON + 5 * hour)
    predict(3, 1, ["a"], NOON - hour)
    predict(3, 2, [], NOON)  # withdrawn: no list holds any more
    show(1, ["a", "x"], NOON)
    show(1, ["a", "b"], NOON + timedelta(minutes=1))  # `a` again: shown once
    show(1, ["c", "y"], NOON + 2 * hour)
    show(2, ["a", "z"], NOON)  # before anything was predicted for the user
    show(3, ["a"], NOON + hour)
    show(1, [], NOON, status=500)
    show(1, ["a"], NOON + timedelta(days=1))
    watch(1, "a", [0], NOON + hour)
    watch(1, "b", [0], NOON - hour)  # before it was shown
    watch(1, "y", [0], NOON + 3 * hour)
    watch(2, "z", [0], NOON + hour)
    watch(2, "a", [0], NOON + timedelta(days=1))  # on another day
    assert read(COLUMNS) == [(0, 2, 2, 3, 0, 0), (1, 2, 1, 3, 2, 1), (2, 1, 1, 2, 1, 0)]
    assert read(SHARES) == [(0, 0, None, 1 / 3), (1, 2 / 3, 0.5, 0.0), (2, 0.5, 0.0, 1.0)]


def test_a_day_without_requests_has_no_rows(lake: EmptyLake) -> None:
    predict(1, 1, ["a"], NOON - timedelta(days=1))
    watch(1, "a", [0])
    assert read(COLUMNS) == []
    assert build_mart("recommendation_quality_daily", "again", date(2026, 11, 2)) is None
