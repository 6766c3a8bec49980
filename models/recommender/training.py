"""A training of the recommender: candidates, the winner, the judgement, and what is told of it.

Each candidate is trained without anybody's last two interactions, then the best one without the last only. With which
settings a kind competes is decided first, by what is left without those two (`choose.py`). The candidates meet on the
interaction before the last, the validation; the last is the test, which no weight has seen. Every choice, candidate and
epoch that is done is kept, so that a repeated task goes on where the last try ended.

The rule that decides whether a trained model answers from now on is written in `apply_rule` and nowhere else. A model
is refused when fewer than LEAST_USERS users could be judged; when its NDCG@10 is below popularity's; when it is worse
than the champion beyond doubt, which is when the 95 % interval of the difference of NDCG@10 over the same users lies
wholly below zero. In all other cases it becomes the champion: what is as good and newer knows newer films.
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from models.recommender.card import draw_curves, write_card
from models.recommender.choose import choose_configs, fit
from models.recommender.config import Config, PopularityConfig, format_config, list_values, make_config, read_config
from models.recommender.evaluate import compare, group_users, rank_last, split_at, split_last, summarize
from models.recommender.interactions import prepare
from models.recommender.model import Model, load
from models.recommender.progress import Point, fit_recorded
from watershed.models.origin import hash_modules, list_versions_of
from watershed.models.outcomes import Judgement, Trained
from watershed.models.registry import Version
from watershed.models.run import Kept
from watershed.models.weights import read_weights

LEAST_USERS = 20
LATE_SHARE = 0.1  # of the interactions are after the moment that separates past and future
FOLDER = Path(__file__).parent
# No weight depends on these modules: a config that was chosen is recorded.
BYSTANDERS = ("__init__", "__main__", "card", "choose", "drift", "predicting", "training")
LIBRARIES = ("torch", "numpy", "scipy", "pyarrow", "safetensors")


def train(features: pa.Table, kept: Kept) -> Trained:
    """Let the candidates compete, and save the weights of the best."""
    known, _ = split_last(features)
    tried = [try_candidate(config, known, kept) for config in find_candidates(known, kept)]
    best = max(tried, key=lambda one: one["validation"]["ndcg_at_10"]["value"])
    found = {one["kind"]: round(one["validation"]["ndcg_at_10"]["value"], 4) for one in tried}
    told = {"kind": best["kind"], "candidates": len(found), "validation_ndcg_at_10": found}
    config, weights = train_winner(best, known, kept)
    own = {"kind": config.kind, "candidates": tried}
    return Trained(best["config"], config.seed, weights, told, own)


def find_candidates(known: pa.Table, kept: Kept) -> list[Config]:
    """The kinds of `config.py` with the settings that fit, which are kept for a repeated task."""
    if (done := kept.find("candidates")) is not None:
        return [make_config(values) for values in done["configs"]]
    began = time.monotonic()
    configs = choose_configs(prepare(split_last(known)[0]))
    told = {"configs": [list_values(config) for config in configs]}
    kept.keep("candidates", told | {"ms": round((time.monotonic() - began) * 1000)})
    return configs


def try_candidate(config: Config, known: pa.Table, kept: Kept) -> dict[str, Any]:
    """The candidate's kind, config and metrics on the validation, which are kept for a repeated task."""
    step = f"try_{config.kind}"
    if (done := kept.find(step)) is not None:
        return dict(done)
    began = time.monotonic()
    earlier, validation = split_last(known)
    model, curve = fit_recorded(earlier, config, validation, kept.checkpoints(step), kept.is_watched)
    metrics = summarize(rank_last(model, validation), seed=config.seed)
    tried: dict[str, Any] = {"kind": config.kind, "config": format_config(config), "validation": metrics}
    tried |= {"curve": [asdict(point) for point in curve], "ms": round((time.monotonic() - began) * 1000)}
    kept.keep(step, tried)
    return tried


def train_winner(best: dict[str, Any], known: pa.Table, kept: Kept) -> tuple[Config, str]:
    """Train the best candidate again, the validation included, and keep its weights. Returns their SHA-256 too."""
    config = read_config(best["config"])
    checkpoints = kept.checkpoints("winner")
    model, _ = fit_recorded(known, config, checkpoints=checkpoints, is_shown=kept.is_watched)
    return config, model.save(kept.weights_uri)


def judge(trained: Trained, weights_uri: str, features: pa.Table, champion: Version | None) -> Judgement:
    """Apply the rule below: the model, popularity and the champion rank the same hold-out."""
    model = load(weights_uri)
    metrics = measure(model, features, champion)
    metrics["by_time"] = measure_by_time(features, model.config)
    metrics["validation"] = {one["kind"]: one["validation"] for one in trained.own["candidates"]}
    judged = apply_rule(
        metrics["users"],
        metrics["ndcg_at_10"]["value"],
        metrics["baselines"]["popularity"]["ndcg_at_10"]["value"],
        champion.model_version if champion else None,
        metrics.get("difference", {}).get("ndcg_at_10"),
    )
    return replace(judged, metrics=metrics)


def apply_rule(
    users: int, ndcg: float, popularity: float, champion: int | None, difference: Mapping[str, float] | None
) -> Judgement:
    """Apply the rule. `users`: how many were judged; `ndcg` and `popularity`: NDCG@10 of the model and the baseline.

    `champion`: its version, None for the first model. `difference`: `value`, `low` and `high` of the model's NDCG@10
    minus the champion's. What is not a number is refused.
    """
    if users < LEAST_USERS:
        return refuse(f"only {users} users could be judged, and {LEAST_USERS} are the least: wait for more data")
    if not ndcg >= popularity:
        return refuse(f"its NDCG@10 of {ndcg:.4f} is below popularity's {popularity:.4f}")
    if champion is None or difference is None:
        return Judgement("champion", f"it is the first; its NDCG@10 is {ndcg:.4f}, popularity's {popularity:.4f}")
    interval = f"{difference['value']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f})"
    if not difference["high"] >= 0:
        return refuse(f"it is worse than version {champion}: the difference of NDCG@10 is {interval}")
    return Judgement("champion", f"it is not worse than version {champion}: the difference of NDCG@10 is {interval}")


def refuse(why: str) -> Judgement:
    return Judgement("refused", why)


def measure(model: Model, features: pa.Table, champion: Version | None = None) -> dict[str, Any]:
    """The metrics of ml.models: the model's own, `baselines` (popularity, champion), `difference` to the champion. The
    groups are new, light and heavy users, by what all of the data but the test holds: the same for every model."""
    known, test = split_last(features)
    baseline = fit(known, PopularityConfig())
    groups, seed = group_users(baseline, test["user_id"]), model.config.seed
    ranks = rank_last(model.with_history(known), test)
    metrics = summarize(ranks, groups, seed)
    metrics["baselines"] = {"popularity": summarize(rank_last(baseline, test), groups, seed)}
    if champion:
        others = rank_last(load_version(champion).with_history(known), test)
        version = {"version": champion.model_version}
        metrics["baselines"]["champion"] = version | summarize(others, groups, seed)
        metrics["difference"] = compare(ranks, others, seed)
    return metrics


def measure_by_time(features: pa.Table, config: Config) -> dict[str, Any] | None:
    """Metrics of the same config trained on what was before a moment only, and `popularity`'s: users of that time, by
    what they took first from then on. It decides nothing. None where there is too little before or after.
    """
    microseconds = np.quantile(features["interacted_at"].cast(pa.int64()).to_numpy(), 1 - LATE_SHARE)
    moment = datetime(1970, 1, 1) + timedelta(microseconds=int(microseconds))
    earlier, later = split_at(features, moment)
    if not len(later) or min(len(earlier[column].unique()) for column in ("user_id", "item_id")) < 2:
        return None
    ours, popular = (
        summarize(rank_last(fit(earlier, one), later, moment), seed=config.seed) for one in (config, PopularityConfig())
    )
    return {"moment": moment.isoformat(), **ours, "popularity": popular}


def rebuild(version: Version, features: pa.Table, uri: str) -> tuple[str, dict[str, Any]]:
    """The weights' SHA-256 and the metrics of a training with the same config on the same features."""
    known, _ = split_last(features)
    model, _ = fit_recorded(known, read_config(version.config_json), is_shown=sys.stderr.isatty())
    return model.save(uri), measure(model, features)


def load_version(version: Version) -> Model:
    """A version of the registry as a model, after its file was found to be what was published. Raises InvalidInput."""
    read_weights(version)
    return load(version.weights_uri)


def describe(version: Version, trained: Trained) -> dict[str, bytes]:
    """The card, and the curves of the winner."""
    curve = choose_curve(trained)
    title = f"{version.model_name}, version {version.model_version}: {curve['kind']}"
    points = [Point(**point) for point in curve["curve"]]
    return {"card.md": write_card(version).encode(), "curves.png": draw_curves(points, title)}


def choose_curve(trained: Trained) -> dict[str, Any]:
    """The candidate whose epochs are drawn: the winner, unless it is in closed form and another one has epochs."""

    def rank(one: dict[str, Any]) -> tuple[bool, bool]:
        return len(one["curve"]) > 1, one["kind"] == trained.own["kind"]

    candidates: list[dict[str, Any]] = trained.own["candidates"]
    return max(candidates, key=rank)


def hash_code() -> str:
    """SHA-256 over the modules that decide the weights."""
    return hash_modules(FOLDER, BYSTANDERS)


def list_libraries() -> dict[str, str]:
    """What the same code may compute other last digits with."""
    return {**list_versions_of(LIBRARIES), "threads": str(torch.get_num_threads())}
