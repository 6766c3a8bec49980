"""How long until a recommender is trained, and how many users a second get their top 20, beside implicit's ALS?

The same generated interactions, factors, epochs and threads; regularization and the weight of what was not seen were
searched for both, each on the validation. How good both are is found by our evaluation, of the same held-out rows.
"""

import json
import os
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

FACTORS, EPOCHS, TOP = 64, 12, 20
# Nothing that implicit's model has not: no trend, and old interactions count as much as new ones.
PLAIN = {"kind": "factors", "factors": FACTORS, "epochs": EPOCHS}
MOVING = {"recency_days": 1.0, "trend_days": 8.0}
TREND = {"kind": "factors", "factors": 128, "regularization": 0.008, "unseen_weight": 0.05, "trend_weight": 6.5}
LINEAR = {"kind": "item_item", "next_weight": 1.0, "trend_weight": 2.5}
RATINGS = Path(__file__).parents[1] / "tests" / "data" / "ratings" / "movietweetings_100k_ratings.dat.gz"
# What was best on the validation: for ours of grids of 16, for implicit's of ten points or fewer. Of the generated
# interactions half a million were searched.
TUNED = {
    "ratings": ({"regularization": 0.008, "unseen_weight": 0.12}, {"regularization": 30.0, "alpha": 1.0}),
    "generated": ({"regularization": 0.008, "unseen_weight": 0.12}, {"regularization": 3.0, "alpha": 3.0}),
}
JUDGED = 20_000


def ask(bench: Bench) -> Answer:
    count = bench.lines // 5
    generated = generate(bench, count)
    ours, peer = Measured("watershed, factors", 0), Measured("implicit, ALS", 0)
    trend, linear = Measured("watershed, factors and trend", 0), Measured("watershed, item-item and trend", 0)
    quality: dict[str, list[str]] = {}
    for name, table in (("ratings", read_ratings()), ("generated", pq.read_table(generated))):
        file = split_file(bench, table, name)
        for measured in (ours, peer, trend, linear):
            forget(measured, len(pq.read_table(file, columns=["user_id"])))
        for _ in range(bench.repeat if name == "generated" else 1):
            run_section(ours, our_command(file, PLAIN | TUNED[name][0]))
            run_peer(bench, peer, file, TUNED[name][1])
            run_section(trend, our_command(file, TREND | MOVING))
            run_section(linear, our_command(file, LINEAR | MOVING))
        quality[name] = [format_quality(measured) for measured in (ours, peer, trend, linear)]
    notes = [f"{name}, {', '.join(told)}" for name, told in quality.items()]
    notes += [format_speed(measured) for measured in (ours, peer, trend, linear)]
    return Answer("Train a recommender", "interactions", [ours, peer, trend, linear], judge(ours, peer), notes)


def judge(ours: Measured, peer: Measured) -> list[Goal]:
    faster = [ours.find_median(what) / peer.find_median(what) for what in ("users_per_s", "ndcg")]
    return [
        Goal("times as fast as implicit, file to factors", peer.median / ours.median, 1, at_least=True),
        Goal("times as fast, training alone", peer.find_median("train") / ours.find_median("train"), 1, at_least=True),
        Goal(f"times as many users a second, top {TOP} of everybody", faster[0], 1, at_least=True),
        Goal("of implicit's NDCG@10", faster[1], 0.99, at_least=True),
    ]


def forget(measured: Measured, units: int) -> None:
    """Begin again with another input: what counts in the table is the last one."""
    measured.units = units
    for runs in (measured.seconds, measured.peak_mb, measured.details):
        runs.clear()


def format_quality(measured: Measured) -> str:
    hits, gain = measured.find_median("hr"), measured.find_median("ndcg")
    return f"{measured.name}: HR@10 {hits:.4f}, NDCG@10 {gain:.4f}"


def format_speed(measured: Measured) -> str:
    train, users = measured.find_median("train"), measured.find_median("users_per_s")
    return f"{measured.name}: training alone {train:.2f} s, {users:,.0f} users/s"


def generate(bench: Bench, count: int) -> Path:
    """A Parquet file of about so many interactions, made once."""
    from sample.generate.interactions import make_interactions

    file = bench.generated / f"interactions_{count}.parquet"
    if not file.exists():
        print(f"  generating {count:,} interactions", flush=True)
        pq.write_table(make_interactions(count, SEED), file)
    return file


def read_ratings() -> pa.Table:
    from models.recommender.__main__ import read_table

    return read_table(str(RATINGS))


def split_file(bench: Bench, table: pa.Table, name: str) -> Path:
    """What is trained on; what is held out lies beside it."""
    from models.recommender.evaluate import split_last

    train, held_out = split_last(table)
    file = bench.home.folder("recommender") / f"{name}.parquet"
    some = np.unique(np.linspace(0, len(held_out) - 1, JUDGED, dtype=np.int64))
    pq.write_table(train, file)
    pq.write_table(held_out.take(some), file.with_suffix(".held_out"))
    return file


def our_command(file: Path, config: dict[str, Any]) -> list[str]:
    return our_python("benchmarks.recommender", str(file), json.dumps(config))


def run_peer(bench: Bench, peer: Measured, file: Path, tuned: dict[str, float]) -> None:
    """Train in the peer's environment, judge its factors in ours."""
    threads = len(os.sched_getaffinity(0))
    parameters = {"factors": FACTORS, "iterations": EPOCHS, "num_threads": threads} | tuned
    left = file.with_suffix(".npz")
    script = str(bench.peers_folder / "train_with_implicit.py")
    run_section(peer, [bench.peers_python, script, str(file), json.dumps(parameters), str(left)])
    peer.details[-1] |= judge_factors(file, left)


def judge_factors(file: Path, left: Path) -> dict[str, float]:
    """How good a model is that is two matrices, judged as a model of ours is."""
    from models.recommender.evaluate import rank_items
    from models.recommender.interactions import prepare

    made, held_out = np.load(left), pq.read_table(file.with_suffix(".held_out"))
    history = prepare(pq.read_table(file))
    items = made["item_factors"][np.argsort(history.find_items(pa.array(made["items"])))]
    user_places = np.argsort(history.find_users(pa.array(made["users"])))
    users, wanted = history.find_users(held_out["user_id"]), history.find_items(held_out["item_id"])
    ranks = np.full(len(users), len(history.items))
    for place in np.flatnonzero(wanted >= 0):
        user = users[place]
        scores = items @ made["user_factors"][user_places[user]]
        scores[history.item[history.starts[user] : history.starts[user + 1]]] = -np.inf
        ranks[place] = rank_items(scores[None], wanted[place : place + 1])[0]
    return summarize_metrics(ranks)


def summarize_metrics(ranks: np.ndarray) -> dict[str, float]:
    from models.recommender.evaluate import summarize

    found = summarize(ranks)
    return {"hr": found["hr_at_10"]["value"], "ndcg": found["ndcg_at_10"]["value"]}


def main(file: str, text: str) -> dict[str, float]:
    """Time from a table in memory to a trained model, and to the top 20 of everybody."""
    from models.recommender import Model, rank_last
    from models.recommender.config import read_config
    from models.recommender.interactions import prepare
    from models.recommender.kinds import SILENT, find_kind

    config = read_config(text)
    kind = find_kind(config.kind)
    table, held_out = pq.read_table(file), pq.read_table(Path(file).with_suffix(".held_out"))
    began = time.perf_counter()
    history = prepare(table)
    ready = time.perf_counter()
    weights = kind.train(history, config, SILENT)
    trained = time.perf_counter()
    model = Model(config, weights, history, float(history.days.max()))
    model.recommend(history.users, TOP)
    done = time.perf_counter()
    speed = {"train": trained - ready, "users_per_s": len(history.users) / (done - trained)}
    return {"seconds": trained - began} | speed | summarize_metrics(rank_last(model, held_out))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
