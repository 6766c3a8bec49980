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


def draw_world(
    users: int = 600, items: int = 120, each: int = 12, sequence: float = 0, drift: float = 0, taste: float = 2.0
) -> pa.Table:
    """Users of many tastes, over 60 days. `sequence`: how often they take what follows their latest item; `drift`: how
    much an item is taken around a day of its own only; `taste`: how much a taste decides beside popularity."""
    rng = np.random.default_rng([users, items, each])
    liked = taste / 6**0.5 * rng.normal(size=(users, 6)) @ rng.normal(size=(items, 6)).T + rng.normal(size=items)
    follows, best_day = rng.permutation(items), 60 * rng.random(items)
    day, everybody, latest = 50 * rng.random(users), np.arange(users), rng.integers(0, items, users)
    seen, taken = np.zeros((users, items), bool), []
    for _ in range(each):
        score = liked - drift * abs(day[:, None] - best_day) + rng.gumbel(size=liked.shape)
        is_next = (rng.random(users) < sequence) & ~seen[everybody, follows[latest]]
        latest = np.where(is_next, follows[latest], np.where(seen, -np.inf, score).argmax(1))
        seen[everybody, latest] = True
        taken.append(np.stack([everybody, latest, day * 86_400]))
        day = day + rng.exponential(0.5, users)
    user, item, second = np.concatenate(taken, axis=1)[:, rng.permutation(users * each)].astype(np.int64)
    return pa.table({"user_id": user, "item_id": item, "interacted_at": second})


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
