"""Is what `fit` chooses without a config as good as the best that one could have taken? In what time, and what memory?

Four inputs: real ratings with and without their times, a million generated interactions without times, as dense as the
sets that recommenders are compared on, and as many sparse ones whose times mean nothing. Of each user the last
interaction, or one by chance, is the test. It is ranked among all items that the user has not seen, and among 100.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import SEED, Bench, our_python
from benchmarks.measure import run_section
from benchmarks.recommender import JUDGED, generate, read_ratings, summarize_metrics

NEGATIVES = 99
MOVING = {"recency_days": 1.0, "trend_weight": 2.5}
# What one could take for a default.
SINGLE: dict[str, dict[str, Any]] = {
    "popularity": {"kind": "popularity"},
    "item-item": {"kind": "item_item"},
    "item-item, moving": {"kind": "item_item", "next_weight": 1.0, **MOVING},
    "factors, published": {"kind": "factors"},
    "factors, moving": {"kind": "factors", "factors": 128, "unseen_weight": 0.05, **MOVING, "trend_weight": 6.5},
}
MOST_SECONDS = 300


def ask(bench: Bench) -> Answer:
    sections: list[Measured] = []
    goals, notes = [], []
    for name, table in read_inputs(bench).items():
        file = split_file(bench, table, name)
        chosen = Measured(f"chosen: {name}", len(table))
        run_section(chosen, our_python("benchmarks.choose_recommender", str(file), "null"))
        others = {what: Measured(f"{what}: {name}", len(table)) for what in SINGLE}
        for what, measured in others.items():
            run_section(measured, our_python("benchmarks.choose_recommender", str(file), json.dumps(SINGLE[what])))
        best = max(measured.find_median("ndcg") for measured in others.values())
        share = chosen.find_median("ndcg") / best
        goals.append(Goal(f"{name}: of the NDCG@10 of the best single one", share, 0.97, at_least=True))
        goals.append(Goal(f"{name}: seconds to choose and train", chosen.median, MOST_SECONDS))
        notes += [format_quality(measured) for measured in (chosen, *others.values())]
        notes.append(f"{name}, chosen: {chosen.details[-1]['config']}")
        sections += [chosen, *others.values()]
    goals += judge_memory({section.name: max(section.peak_mb) for section in sections})
    return Answer("Choose a recommender", "interactions", sections, goals, notes)


def judge_memory(peaks: dict[str, float]) -> list[Goal]:
    """Beside popularity, which needs what any model needs: in squares of 10,000 items, which are almost all there."""
    square, floor = 4 * 10_000**2 / 1e6, peaks["popularity: sparse"]
    return [
        Goal(f"squares of items in memory, {what}", (peaks[f"{what}: sparse"] - floor) / square, limit)
        for what, limit in (("item-item", 1.5), ("chosen", 3.5))
    ]


def format_quality(measured: Measured) -> str:
    """Full ranking, then among the drawn ones."""
    hits, gain, some_hits, some_gain = map(measured.find_median, ("hr", "ndcg", "sampled_hr", "sampled_ndcg"))
    return f"{measured.name}: HR@10 {hits:.4f}, NDCG@10 {gain:.4f}; among 100 {some_hits:.4f}, {some_gain:.4f}"


def read_inputs(bench: Bench) -> dict[str, pa.Table]:
    from sample.generate.interactions import make_dense_interactions

    count = bench.lines // 10
    ratings, sparse = read_ratings(), pq.read_table(generate(bench, count))
    untimed = ratings.select(["user_id", "item_id"])
    return {
        "ratings": ratings,
        "ratings without times": untimed,
        "dense": make_dense_interactions(count, SEED),
        "sparse": sparse,
    }


def split_file(bench: Bench, table: pa.Table, name: str) -> Path:
    """What is trained on; beside it what is held out of at most JUDGED users, the latest or one by chance."""
    rng = np.random.default_rng(SEED)
    user = table["user_id"].to_numpy()
    times = table["interacted_at"].cast(pa.int64()).to_numpy() if "interacted_at" in table.column_names else user * 0
    order = np.lexsort((rng.random(len(table)), times, user))
    last, several = np.r_[user[order][1:] != user[order][:-1], True], np.r_[False, user[order][1:] == user[order][:-1]]
    held = order[last & several]
    held = np.sort(rng.permutation(held)[:JUDGED])
    left = np.ones(len(table), dtype=bool)
    left[held] = False
    file = bench.home.folder("choose_recommender") / f"{name.replace(' ', '_')}.parquet"
    pq.write_table(table.filter(pa.array(left)), file)
    pq.write_table(table.take(pa.array(held)), file.with_suffix(".held_out"))
    return file


def rank_sampled(model: Any, held_out: pa.Table) -> np.ndarray:
    """The rank of each held-out item among items drawn by chance that the user has not taken."""
    from models.recommender.model import score_batch

    rng = np.random.default_rng(SEED)
    users, wanted = model.history.find_users(held_out["user_id"]), model.history.find_items(held_out["item_id"])
    ranks = np.full(len(users), NEGATIVES)
    for first, batch in model.cut_batches(users, None):
        scores = score_batch(model, batch).numpy()
        keys = rng.random(scores.shape, dtype=np.float32)
        own = wanted[first : first + len(scores)]
        keys[batch.find_rows().numpy(), batch.item.numpy()] = 2
        keys[np.arange(len(own)), own] = 2
        drawn = np.argpartition(keys, NEGATIVES, axis=1)[:, :NEGATIVES]
        mine = scores[np.arange(len(own)), own][:, None]
        found = (np.take_along_axis(scores, drawn, axis=1) >= mine).sum(axis=1)
        ranks[first : first + len(own)] = np.where(own >= 0, found, NEGATIVES)
    return ranks


def main(file: str, text: str) -> dict[str, Any]:
    """Time from a table in memory to a trained model; how good it is; what was chosen."""
    from models.recommender import fit, rank_last
    from models.recommender.config import format_config, read_config

    table, held_out = pq.read_table(file), pq.read_table(Path(file).with_suffix(".held_out"))
    began = time.perf_counter()
    model = fit(table, None if text == "null" else read_config(text))
    seconds = time.perf_counter() - began
    sampled = {f"sampled_{name}": value for name, value in summarize_metrics(rank_sampled(model, held_out)).items()}
    told = {"seconds": seconds, "config": format_config(model.config)}
    return told | summarize_metrics(rank_last(model, held_out)) | sampled


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
