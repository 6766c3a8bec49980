"""A training of the recommender: candidates, the winner, the judgement, and what is told of it.

Each candidate is trained without anybody's last two interactions, then the best one without the last only. With which
settings a kind competes is decided first, by what is left without those two (`choose.py`). The candidates meet on the
interaction before the last, the validation; the last is the test, which no weight has seen. Every choice, candidate and
epoch that is done is kept, so that a repeated task goes on where the last try ended.
"""

import sys
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from models.recommender.card import write_card
from models.recommender.checkpoints import Point
from models.recommender.choose import choose_configs, fit
from models.recommender.config import Config, PopularityConfig, format_config, list_values, make_config, read_config
from models.recommender.curves import draw_curves
from models.recommender.evaluate import compare, group_users, rank_last, summarize
from models.recommender.gate import judge as apply_rule
from models.recommender.interactions import prepare, split_at, split_last
from models.recommender.model import Model, load
from models.recommender.origin import hash_code, list_libraries
from models.recommender.train import fit_recorded
from watershed.models.registry import Version
from watershed.models.run import Kept
from watershed.models.weights import read_weights

__all__ = ["describe", "hash_code", "judge", "list_libraries", "load_version", "rebuild", "train"]

LATE_SHARE = 0.1  # of the interactions are after the moment that separates past and future


def train(features: pa.Table, kept: Kept) -> dict[str, Any]:
    """Let the candidates compete, and save the weights of the best."""
    known, _ = split_last(features)
    tried = [try_candidate(config, known, kept) for config in find_candidates(known, kept)]
    best = max(tried, key=lambda one: one["validation"]["ndcg_at_10"]["value"])
    found = {one["kind"]: round(one["validation"]["ndcg_at_10"]["value"], 4) for one in tried}
    told = {"kind": best["kind"], "candidates": len(found), "validation_ndcg_at_10": found}
    return train_winner(best, known, kept) | {"candidates": tried, "told": told}


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


def train_winner(best: dict[str, Any], known: pa.Table, kept: Kept) -> dict[str, Any]:
    """Train the best candidate again, the validation included, and keep its weights."""
    config = read_config(best["config"])
    checkpoints = kept.checkpoints("winner")
    model, _ = fit_recorded(known, config, checkpoints=checkpoints, is_shown=kept.is_watched)
    about = {"kind": config.kind, "config": best["config"], "seed": config.seed}
    return about | {"weights_sha256": model.save(kept.weights_uri)}


def judge(trained: dict[str, Any], features: pa.Table, champion: Version | None) -> dict[str, Any]:
    """Apply the rule of `gate.py`: the model, popularity and the champion rank the same hold-out."""
    model = load(trained["weights_uri"])
    metrics = measure(model, features, champion)
    metrics["by_time"] = measure_by_time(features, model.config)
    metrics["validation"] = {one["kind"]: one["validation"] for one in trained["candidates"]}
    judged = apply_rule(
        metrics["users"],
        metrics["ndcg_at_10"]["value"],
        metrics["baselines"]["popularity"]["ndcg_at_10"]["value"],
        champion.model_version if champion else None,
        metrics.get("difference", {}).get("ndcg_at_10"),
    )
    return {"state": judged.state, "reason": judged.reason, "metrics": metrics}


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


def describe(version: Version, trained: dict[str, Any]) -> dict[str, bytes]:
    """The card, and the curves of the winner."""
    curve = choose_curve(trained)
    title = f"{version.model_name}, version {version.model_version}: {curve['kind']}"
    points = [Point(**point) for point in curve["curve"]]
    return {"card.md": write_card(version).encode(), "curves.png": draw_curves(points, title)}


def choose_curve(trained: dict[str, Any]) -> dict[str, Any]:
    """The candidate whose epochs are drawn: the winner, unless it is in closed form and another one has epochs."""

    def rank(one: dict[str, Any]) -> tuple[bool, bool]:
        return len(one["curve"]) > 1, one["kind"] == trained["kind"]

    candidates: list[dict[str, Any]] = trained["candidates"]
    return max(candidates, key=rank)
