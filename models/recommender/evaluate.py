"""How good a model is: some of what users took is held out, and the model, which has not seen it, ranks it.

The *rank* of an item counts from 0; one of TOP or more is a miss. HR@10 is the share of hits, NDCG@10 the mean of
ln 2 / ln(rank + 2) over hits and of 0 over misses. Intervals hold 95 % of 1,000 bootstrap samples of the users.
"""

import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from models.recommender.interactions import DAY_S, Interactions, arrange_columns, read_columns, sort_ids
from models.recommender.model import Model, score_batch
from watershed.errors import InvalidInput

TOP = 10
SAMPLES = 1000
GAINS = {
    "hr_at_10": np.r_[np.ones(TOP), 0],
    "ndcg_at_10": np.r_[np.log(2) / np.log(np.arange(TOP) + 2), 0],
}
GROUPS = (("new", 1), ("light", 9), ("heavy", np.inf))  # with at most so many interactions in training


def split_last(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Take the last interaction of every user who has two or more: what is left, and what was taken.

    Last by time, then by item id. Twice the same pair counts once.
    """
    history = arrange_by_id(table)
    last = np.zeros(len(history.item), dtype=bool)
    last[history.starts[1:][np.diff(history.starts) > 1] - 1] = True
    rows = make_rows(history)
    return rows.filter(pa.array(~last)), rows.filter(pa.array(last))


def split_at(table: pa.Table, moment: datetime) -> tuple[pa.Table, pa.Table]:
    """Everything before a moment (UTC); and of each user who is there, the first interaction from then on."""
    history = arrange_by_id(table)
    late = history.days >= moment.replace(tzinfo=UTC).timestamp() / DAY_S
    earlier = np.r_[False, ~late[:-1]]
    earlier[history.starts[:-1]] = False
    rows = make_rows(history)
    return rows.filter(pa.array(~late)), rows.filter(pa.array(late & earlier))


def arrange_by_id(table: pa.Table) -> Interactions:
    """All interactions, with the items in the order of their ids: ties in time are broken by id."""
    table = read_columns(table)
    return arrange_columns(table, sort_ids(table["item_id"]))


def make_rows(history: Interactions) -> pa.Table:
    """The same as a table."""
    moments = np.round(history.days * DAY_S * 1e6).astype(np.int64)
    return pa.table(
        {
            "user_id": history.users.take(pa.array(history.user)),
            "item_id": history.items.take(pa.array(history.item)),
            "weight": history.weight,
            "interacted_at": pa.array(moments, pa.timestamp("us")),
        }
    )


def rank_last(model: Model, held_out: pa.Table, as_of: datetime | None = None) -> np.ndarray:
    """The rank of each row's item_id for its user_id among all items that the user has not seen, int64.

    The moment is `as_of`, by default each user's latest interaction. An item that the model does not know ranks last.
    """
    users, items = model.history.find_users(held_out["user_id"]), model.history.find_items(held_out["item_id"])
    moment = None if as_of is None else as_of.replace(tzinfo=UTC).timestamp() / DAY_S
    ranks = np.full(len(users), len(model.items))
    for first, batch in model.cut_batches(users, moment):
        scores = score_batch(model, batch)
        batch.mark_seen(scores)
        wanted = items[first : first + len(batch.clock)]
        known = np.flatnonzero(wanted >= 0)
        ranks[first + known] = rank_items(scores.numpy()[known], wanted[known])
    return ranks


def rank_items(scores: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How many items come before the wanted one in each row, ties in the order of the items."""
    own = scores[np.arange(len(wanted)), wanted][:, None]
    before = np.arange(scores.shape[1]) < wanted[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(axis=1)


def rank_negatives(model: Model, path: Path) -> np.ndarray:
    """The rank of each line's positive among its negatives, for a file of `user positive negative negative ...` lines.

    Separated by tabs, commas or spaces; `(user,positive)` may be in brackets. Ties count against the positive. Raises
    InvalidInput with the first line that is too short.
    """
    lines = [re.split(r"[\s,()]+", line.strip(" \t\r\n()")) for line in path.read_text().splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        if len(line) < 3:
            raise InvalidInput(f"{path}, line {number}: a user, a positive and a negative are the least")
    users = read_texts([line[0] for line in lines for _ in line[1:]], model.history.users.type)
    items = read_texts([item for line in lines for item in line[1:]], model.items.type)
    scores = model.score(users, items)
    starts = np.cumsum([0, *(len(line) - 1 for line in lines)])
    return np.array([int((scores[a + 1 : b] >= scores[a]).sum()) for a, b in pairwise(starts)])


def read_texts(texts: list[str], kind: pa.DataType) -> pa.Array:
    return pa.array(texts).cast(kind)


def group_users(model: Model, user_ids: Any) -> np.ndarray:
    """`new`, `light` or `heavy`, by how many interactions the model's histories hold."""
    users = model.history.find_users(user_ids)
    counts = np.where(users >= 0, np.diff(model.history.starts)[users], 0)
    return np.select([counts <= most for _, most in GROUPS], [name for name, _ in GROUPS], "")


def summarize(ranks: np.ndarray, groups: np.ndarray | None = None, seed: int = 0) -> dict[str, Any]:
    """`{"users": n, "hr_at_10": {"value", "low", "high"}, "ndcg_at_10": ..., "groups": {name: the same}}`."""
    counts = np.bincount(np.minimum(ranks, TOP), minlength=TOP + 1)
    draws = draw_counts(counts, seed)
    summary: dict[str, Any] = {"users": len(ranks)}
    for name, gains in GAINS.items():
        summary[name] = {"value": float(counts @ gains / max(1, len(ranks))), **find_interval(draws @ gains)}
    if groups is not None:
        names = [name for name, _ in GROUPS if (groups == name).any()]
        summary["groups"] = {name: summarize(ranks[groups == name], seed=seed) for name in names}
    return summary


def compare(ranks: np.ndarray, others: np.ndarray, seed: int = 0) -> dict[str, dict[str, float]]:
    """The difference of each metric, ours minus the others', of the same users in the same order."""
    side = TOP + 1
    pairs = np.minimum(ranks, TOP) * side + np.minimum(others, TOP)
    counts = np.bincount(pairs, minlength=side * side)
    draws = draw_counts(counts, seed)
    result = {}
    for name, gains in GAINS.items():
        more = (gains[:, None] - gains[None, :]).ravel()
        result[name] = {"value": float(counts @ more / max(1, len(ranks))), **find_interval(draws @ more)}
    return result


def draw_counts(counts: np.ndarray, seed: int) -> np.ndarray:
    """Bootstrap samples as shares, [SAMPLES, categories]: users who are alike in the metrics are drawn together."""
    total = int(counts.sum())
    if not total:
        return np.zeros((SAMPLES, len(counts)))
    return np.random.default_rng(seed).multinomial(total, counts / total, SAMPLES) / total


def find_interval(values: np.ndarray) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return {"low": float(low), "high": float(high)}
