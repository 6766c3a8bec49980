"""Interactions for tests: users of two tastes, and the real ratings of MovieTweetings."""

import gzip
import io
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

RATINGS = Path(__file__).parents[2] / "data" / "ratings" / "movietweetings_100k_ratings.dat.gz"
START = datetime(2024, 3, 4)


def spell(*rows: tuple[object, object, float], **columns: list[object]) -> pa.Table:
    """A table of (user, item, day)."""
    users, items, days = zip(*rows, strict=True)
    at = pa.array([START + timedelta(days=day) for day in days], pa.timestamp("us"))
    return pa.table({"user_id": list(users), "item_id": list(items), "interacted_at": at, **columns})


def draw_tastes(users: int = 120, items: int = 40, each: int = 8, seed: int = 0) -> pa.Table:
    """Users with even numbers take items of the first half, the others of the second; a day's step each."""
    rng = np.random.default_rng(seed)
    half = items // 2
    rows = [
        (user + 1, f"film-{item + half * (user % 2):03}", float(day))
        for user in range(users)
        for day, item in enumerate(rng.permutation(half)[:each])
    ]
    return spell(*rows)


def read_movietweetings() -> pa.Table:
    """100,000 ratings of 16,554 users and 10,506 films; `user::film::rating::seconds`."""
    text = gzip.decompress(RATINGS.read_bytes()).replace(b"::", b"\t")
    names = ["user_id", "item_id", "rating", "interacted_at"]
    return pyarrow.csv.read_csv(
        io.BytesIO(text),
        read_options=pyarrow.csv.ReadOptions(column_names=names),
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t"),
        convert_options=pyarrow.csv.ConvertOptions(column_types={"item_id": pa.string()}),
    ).select(["user_id", "item_id", "interacted_at"])
