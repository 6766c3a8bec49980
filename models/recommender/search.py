"""The search that found the hyper-parameters in `config.py`.

python -m models.recommender.search ratings.dat.gz --minutes 20 --out winner.json

The last interaction of each user is put away unseen (it is the test of others), the one before it is what configs are
judged by. Half of the time is spent on configs drawn at random, kinds taking turns; the other half on small changes of
the best so far, of each kind and overall.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from models.recommender.config import Config, FactorsConfig, ItemItemConfig, PopularityConfig, spell_config
from models.recommender.evaluate import rank_last, summarize
from models.recommender.files import read_table
from models.recommender.fit import fit
from models.recommender.interactions import split_last

# What is searched: numbers from a to b, evenly by their logarithms.
RANGES: dict[type[Config], dict[str, tuple[float, float]]] = {
    ItemItemConfig: {
        "regularization": (1, 500),
        "user_power": (0.1, 1),
        "next_weight": (0.1, 10),
        "next_shrink": (5, 500),
        "recency_days": (0.1, 30),
        "trend_days": (2, 40),
        "trend_weight": (0.3, 10),
    },
    FactorsConfig: {
        "factors": (32, 192),
        "epochs": (5, 20),
        "regularization": (0.001, 0.1),
        "unseen_weight": (0.005, 0.5),
        "recency_days": (0.1, 30),
        "trend_days": (2, 40),
        "trend_weight": (0.5, 20),
    },
}
NEAR = 0.15  # of a range, by its logarithm: the standard deviation of a small change


@dataclass(frozen=True)
class Trial:
    config: Config
    ndcg_at_10: float
    hr_at_10: float
    seconds: float


def search(table: pa.Table, seconds: float, seed: int = 0) -> list[Trial]:
    """All that was tried within the time, the best by validation first. Defaults and popularity are always tried."""
    train, validation = split_last(split_last(table)[0])
    trials: list[Trial] = []
    began = time.monotonic()
    for config in draw_configs(trials, began, seconds, seed):
        trials.append(judge(config, train, validation))
        print(spell_trial(trials[-1]), file=sys.stderr, flush=True)
    return sorted(trials, key=lambda trial: -trial.ndcg_at_10)


def draw_configs(trials: list[Trial], began: float, seconds: float, seed: int) -> Iterator[Config]:
    """What to try next, knowing the trials so far."""
    rng = np.random.default_rng(seed)
    yield PopularityConfig()
    yield from (kind() for kind in RANGES)
    while (spent := time.monotonic() - began) < seconds:
        kind = list(RANGES)[len(trials) % len(RANGES)]
        if spent < seconds / 2:
            yield draw_anywhere(kind, rng)
        else:
            yield draw_near(max((t for t in trials if isinstance(t.config, kind)), key=lambda t: t.ndcg_at_10), rng)


def draw_anywhere(kind: type[Config], rng: np.random.Generator) -> Config:
    drawn = {name: np.exp(rng.uniform(*np.log(bounds))) for name, bounds in RANGES[kind].items()}
    return set_parameters(kind(), drawn)


def draw_near(best: Trial, rng: np.random.Generator) -> Config:
    """One, two or three parameters a little different."""
    ranges = RANGES[type(best.config)]
    drawn = {}
    for name in rng.choice(list(ranges), rng.integers(1, 4), replace=False).tolist():
        low, high = np.log(ranges[name])
        near = np.log(getattr(best.config, name)) + rng.normal() * NEAR * (high - low)
        drawn[name] = np.exp(np.clip(near, low, high))
    return set_parameters(best.config, drawn)


def set_parameters(config: Config, drawn: dict[str, Any]) -> Config:
    """Rounded to two digits; counts to whole numbers."""
    rounded = {name: float(f"{value:.2g}") for name, value in drawn.items()}
    return replace(config, **{name: type(getattr(config, name))(value) for name, value in rounded.items()})


def judge(config: Config, train: pa.Table, validation: pa.Table) -> Trial:
    began = time.perf_counter()
    model = fit(train, config)
    seconds = time.perf_counter() - began
    metrics = summarize(rank_last(model, validation))
    return Trial(config, metrics["ndcg_at_10"]["value"], metrics["hr_at_10"]["value"], seconds)


def spell_trial(trial: Trial) -> str:
    return f"{trial.ndcg_at_10:.4f}  {trial.hr_at_10:.4f}  {trial.seconds:6.2f}  {spell_config(trial.config)}"


def main() -> int:
    prog, raw = "python -m models.recommender.search", argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog=prog, description=__doc__, formatter_class=raw)
    parser.add_argument("file", help="path or s3:// URI of a .parquet, .csv or .dat file of interactions")
    parser.add_argument("--minutes", type=float, default=10, help="how long to search (default 10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=20, help="rows of the table (default 20)")
    parser.add_argument("--out", type=Path, help="file to write the winner's config to, as JSON")
    args = parser.parse_args()
    trials = search(read_table(args.file), args.minutes * 60, args.seed)
    print("NDCG@10 HR@10  seconds config", *map(spell_trial, trials[: args.show]), sep="\n")
    for kind in RANGES:
        print(f"best {kind.kind}: {spell_trial(next(t for t in trials if isinstance(t.config, kind)))}")
    if args.out:
        args.out.write_text(json.dumps(json.loads(spell_config(trials[0].config)), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
