"""The notebook of ten questions, run as it is on a lake with data, answers them as counting by hand does."""

import runpy
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from sample.layers import publish_rows
from tests.docs.page import REPOSITORY
from tests.empty_lake import EmptyLake
from watershed.flows.marts import build_stale_marts
from watershed.serving.analyst import forget_analysts

pytestmark = pytest.mark.servers
NOTEBOOK = REPOSITORY / "docs" / "ten_questions.py"
FIRST, SECOND = datetime(2026, 1, 5, 9, 30), datetime(2026, 1, 6, 20, 15)
HELD = {"updated_at": FIRST, "valid_from": FIRST, "valid_to": None, "is_current": True, "is_deleted": False}


@pytest.fixture(scope="module")
def answers(module_lake: EmptyLake) -> Iterator[dict[str, Any]]:
    """What the notebook's cells define."""
    pages = [(FIRST, "/", 200), (FIRST, "/", 200), (SECOND, "/", 500), (SECOND, "/photos", 404)]
    publish("core.requests", [{"requested_at": at, "path": path, "status": status} for at, path, status in pages])
    seen = [(FIRST, 1, "jaws+1975")] * 3 + [(SECOND, 2, "alien+1979")]
    publish("core.watch_minutes", [named(at, user, film) for at, user, film in seen])
    rated = [(user, "alien+1979", 5) for user in (1, 2, 3)] + [(1, "jaws+1975", 2)]
    publish("core.ratings", [rate(user, film, rating) for user, film, rating in rated])
    shown = [("slow:1", 200, 900.0), ("fast:1", 200, 20.0), ("fast:1", 500, 20.0)]
    publish("core.recommendation_requests", [recommend(*line) for line in shown])
    publish(
        "core.cameras", [{"camera_id": 1, "user_id": 1, "maker": "Canon", "model": "A", "created_at": FIRST} | HELD]
    )
    publish("core.photos", [photo(1, FIRST, 100, 1), photo(2, SECOND, 300, 1), photo(3, SECOND, 600, None)])
    build_stale_marts("marts")
    forget_analysts()
    _, defined = runpy.run_path(str(NOTEBOOK))["app"].run()
    yield dict(defined)
    forget_analysts()


def publish(address: str, rows: list[dict[str, Any]]) -> None:
    publish_rows(address, f"raw/{address}", rows)


def named(at: datetime, user: int, film: str) -> dict[str, Any]:
    return {"watched_at": at, "user_id": user, "film_id": film, "minute": 0}


def rate(user: int, film: str, rating: float) -> dict[str, Any]:
    return {"rated_at": FIRST, "user_id": user, "film_id": film, "rating": rating, "rating_max": 5.0}


def recommend(server: str, status: int, response_ms: float) -> dict[str, Any]:
    own = {"requested_at": FIRST, "user_id": 1, "film_ids": ["jaws+1975"] if status == 200 else []}
    return own | {"server": server, "status": status, "response_ms": response_ms}


def photo(number: int, at: datetime, size: int, camera: int | None) -> dict[str, Any]:
    own = {"photo_id": number, "user_id": 1, "camera_id": camera, "path": f"/{number}.jpg", "file_bytes": size}
    return own | {"title": None, "uploaded_at": at} | HELD


def read(answers: dict[str, Any], name: str) -> list[tuple[Any, ...]]:
    return list(answers[name].itertuples(index=False, name=None))


def test_the_site(answers: dict[str, Any]) -> None:
    assert read(answers, "busiest_pages")[0][:2] == ("/", 3)
    assert [row[1:] for row in read(answers, "errors_by_day")] == [(2, 0, 0), (2, 0.5, 0.5)]
    assert read(answers, "busiest_hours") == [(9, 2), (20, 2)]


def test_the_films(answers: dict[str, Any]) -> None:
    assert [(film, minutes, viewers) for film, _, minutes, viewers in read(answers, "most_watched")] == [
        ("jaws+1975", 3, 1),
        ("alien+1979", 1, 1),
    ]
    assert read(answers, "last_hour")[0][:3] == (0, 0, 0)
    assert [row[1:] for row in read(answers, "hidden_gems")] == [(1.0, 3, 1)]


def test_the_recommendations(answers: dict[str, Any]) -> None:
    assert read(answers, "recommended_and_watched")[0][:2] == (0, 0)
    assert [row[:3] for row in read(answers, "slow_recommenders")] == [("fast:1", 2, 0.5), ("slow:1", 1, 0)]


def test_the_photos(answers: dict[str, Any]) -> None:
    assert [row[:3] for row in read(answers, "cameras")] == [("Canon", "A", 2), ("(unknown)", "(unknown)", 1)]
    assert [row[1:] for row in read(answers, "storage_growth")] == [(1, 100), (2, 1000)]
    assert read(answers, "share_of_top_ten") == [(1.0, 1)]


def test_the_books(answers: dict[str, Any]) -> None:
    books = {row[0]: row[1:3] for row in read(answers, "what_became_of_it")}
    assert books["core.watch_minutes"] == (4, 1.0)
    assert len(books) == 6
