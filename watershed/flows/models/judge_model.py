"""Judge: the trained model, popularity and the champion rank the same hold-out, each user's last interaction."""

import time
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from models.recommender.gate import judge
from watershed.flows.models.build_features import MODEL, load_features
from watershed.lake.store import open_store, step_key
from watershed.models.registry import Version, find_champion
from watershed.warehouse.connection import connect

if TYPE_CHECKING:
    from models.recommender import Config
    from models.recommender.model import Model

LATE_SHARE = 0.1  # of the interactions are after the moment that separates past and future


def judge_model(run_id: str) -> dict[str, Any]:
    """Apply the rule of models/recommender/gate.py. Leaves `judge_model.json`: state, reason, metrics, champion.

    Returns state and reason. Raises InvalidInput when the champion's weights cannot be read or are not what was
    published: nothing is published then.
    """
    from models.recommender import load

    store, began = open_store(), time.monotonic()
    trained = store.read_json(step_key(run_id, "train_model"))
    with closing(connect(read_only=True)) as con:
        champion = find_champion(con, MODEL)
    model, features = load(trained["weights_uri"]), load_features(run_id)
    metrics = measure(model, features, champion)
    metrics["by_time"] = measure_by_time(features, model.config)
    metrics["validation"] = {one["kind"]: one["validation"] for one in trained["candidates"]}
    judged = judge(
        metrics["users"],
        metrics["ndcg_at_10"]["value"],
        metrics["baselines"]["popularity"]["ndcg_at_10"]["value"],
        champion.model_version if champion else None,
        metrics.get("difference", {}).get("ndcg_at_10"),
    )
    found = {"state": judged.state, "reason": judged.reason}
    told = found | {"metrics": metrics, "champion": champion.model_version if champion else None}
    store.write_json(step_key(run_id, "judge_model"), told | {"ms": round((time.monotonic() - began) * 1000)})
    return found


def measure(model: "Model", features: pa.Table, champion: Version | None = None) -> dict[str, Any]:
    """The metrics of ml.models: the model's own, `baselines` (popularity, champion), `difference` to the champion."""
    from models.recommender import PopularityConfig, compare, fit, rank_last, split_last, summarize
    from models.recommender.champion import load_version

    known, test = split_last(features)
    baseline = fit(known, PopularityConfig())
    groups, seed = group(baseline, test), model.config.seed
    ranks = rank_last(model.with_history(known), test)
    metrics = summarize(ranks, groups, seed)
    metrics["baselines"] = {"popularity": summarize(rank_last(baseline, test), groups, seed)}
    if champion:
        others = rank_last(load_version(champion).with_history(known), test)
        version = {"version": champion.model_version}
        metrics["baselines"]["champion"] = version | summarize(others, groups, seed)
        metrics["difference"] = compare(ranks, others, seed)
    return metrics


def measure_by_time(features: pa.Table, config: "Config") -> dict[str, Any] | None:
    """Metrics of the same config trained on what was before a moment only, and `popularity`'s: users of that time, by
    what they took first from then on. It decides nothing. None where there is too little before or after.
    """
    from models.recommender import PopularityConfig, fit, rank_last, split_at, summarize

    microseconds = np.quantile(features["interacted_at"].cast(pa.int64()).to_numpy(), 1 - LATE_SHARE)
    moment = datetime(1970, 1, 1) + timedelta(microseconds=int(microseconds))
    earlier, later = split_at(features, moment)
    if not len(later) or min(len(earlier[column].unique()) for column in ("user_id", "item_id")) < 2:
        return None
    ours, popular = (
        summarize(rank_last(fit(earlier, one), later, moment), seed=config.seed) for one in (config, PopularityConfig())
    )
    return {"moment": moment.isoformat(), **ours, "popularity": popular}


def group(model: "Model", test: pa.Table) -> np.ndarray:
    """new, light or heavy, by what all of the data but the test holds: the same for every model."""
    from models.recommender import group_users

    return group_users(model, test["user_id"])
