"""Ratings and watched minutes for tests of models, put right into the core tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from watershed.warehouse.connection import connect

NOON = datetime(2026, 11, 1, 12)
TRACE = {"raw_object": "raw/x/1", "raw_line": 1}


def insert(address: str, rows: Sequence[dict[str, Any]]) -> None:
    import pyarrow as pa

    con = connect()
    con.register("new_rows", pa.Table.from_pylist([{**row, **TRACE} for row in rows]))
    con.execute(f"INSERT INTO {address} BY NAME FROM new_rows")


def rate(user: int, film: str, at: datetime = NOON, rating: int = 3) -> None:
    insert("core.ratings", [make_rating(user, film, at, rating)])


def make_rating(user: int, film: str, at: datetime = NOON, rating: int = 3) -> dict[str, Any]:
    return {"rated_at": at, "user_id": user, "film_id": film, "rating": rating, "rating_max": 5}


def watch(user: int, film: str, minutes: list[int], at: datetime = NOON) -> None:
    """One request a minute from then on, for these minutes of the film."""
    times = [at + timedelta(minutes=n) for n in range(len(minutes))]
    rows = zip(times, minutes, strict=True)
    insert("core.watch_minutes", [{"watched_at": t, "user_id": user, "film_id": film, "minute": m} for t, m in rows])
