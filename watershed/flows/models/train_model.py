"""Train: each candidate without anybody's last two interactions, then the best one without the last only.

With which settings a kind competes is decided first, by what is left without those two (models/recommender/choose.py).
The candidates meet on the interaction before the last, the validation; the last is the test, which no weight has seen.
Every choice, candidate and epoch that is done is kept, so that a repeated task goes on where the last try ended.
"""

import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from models.recommender.features import hash_features
from watershed.flows.models.build_features import MODEL, load_features
from watershed.lake.store import checkpoint_key, open_store, step_key
from watershed.warehouse.ledger.history import utc_now

if TYPE_CHECKING:
    from models.recommender import Config

WEIGHTS = "weights.safetensors"


def train_model(run_id: str, candidates: "tuple[Config, ...] | None" = None) -> dict[str, Any]:
    """Train on the run's features. Leaves the weights beside the checkpoints, and `train_model.json`.

    Returns `kind`, the winner, how many `candidates` there were, and NDCG@10 of each on the validation. Raises
    InvalidInput with one sentence where there is nothing to learn from.
    """
    from models.recommender import split_last

    store, key = open_store(), step_key(run_id, "train_model")
    if (done := store.find_json(key)) is not None:
        return tell_winner(done)
    began = time.monotonic()
    known, _ = split_last(load_features(run_id))
    tried = [try_candidate(run_id, config, known) for config in candidates or find_candidates(run_id, known)]
    best = max(tried, key=lambda one: one["validation"]["ndcg_at_10"]["value"])
    trained = train_winner(run_id, best, known)
    trained |= {"candidates": tried, "ms": round((time.monotonic() - began) * 1000)}
    store.write_json(key, trained)
    return tell_winner(trained)


def find_candidates(run_id: str, known: pa.Table) -> "list[Config]":
    """The kinds of models/recommender/config.py with the settings that fit, which are kept for a repeated task."""
    from models.recommender import split_last
    from models.recommender.choose import choose_configs
    from models.recommender.config import list_values, make_config
    from models.recommender.interactions import prepare

    store, key = open_store(), step_key(run_id, "candidates")
    if (done := store.find_json(key)) is not None:
        return [make_config(values) for values in done["configs"]]
    began = time.monotonic()
    configs = choose_configs(prepare(split_last(known)[0]))
    told = {"configs": [list_values(config) for config in configs]}
    store.write_json(key, told | {"ms": round((time.monotonic() - began) * 1000)})
    return configs


def try_candidate(run_id: str, config: "Config", known: pa.Table) -> dict[str, Any]:
    """The candidate's kind, config and metrics on the validation, which are kept for a repeated task."""
    from models.recommender import rank_last, split_last, summarize
    from models.recommender.config import format_config
    from models.recommender.train import fit_recorded

    store, key = open_store(), step_key(run_id, f"try_{config.kind}")
    if (done := store.find_json(key)) is not None:
        return dict(done)
    began = time.monotonic()
    earlier, validation = split_last(known)
    checkpoints = store.address(checkpoint_key(MODEL, run_id, f"try_{config.kind}"))
    model, curve = fit_recorded(earlier, config, validation, checkpoints, is_watched())
    metrics = summarize(rank_last(model, validation), seed=config.seed)
    tried: dict[str, Any] = {"kind": config.kind, "config": format_config(config), "validation": metrics}
    tried |= {"curve": [asdict(point) for point in curve], "ms": round((time.monotonic() - began) * 1000)}
    store.write_json(key, tried)
    return tried


def train_winner(run_id: str, best: dict[str, Any], known: pa.Table) -> dict[str, Any]:
    """Train the best candidate again, the validation included, and keep its weights."""
    from models.recommender.config import read_config
    from models.recommender.origin import find_commit, hash_code, list_libraries
    from models.recommender.train import fit_recorded

    config, store = read_config(best["config"]), open_store()
    checkpoints = store.address(checkpoint_key(MODEL, run_id, "winner"))
    model, _ = fit_recorded(known, config, checkpoints=checkpoints, is_shown=is_watched())
    uri = store.address(checkpoint_key(MODEL, run_id, WEIGHTS))
    return {
        "kind": config.kind,
        "config": best["config"],
        "seed": config.seed,
        "weights_sha256": model.save(uri),
        "weights_uri": uri,
        "libraries": list_libraries(),
        "code_commit": find_commit(),
        "code_sha256": hash_code(),
        "features_sha256": hash_features(),
        "trained_at": utc_now().isoformat(),
    }


def is_watched() -> bool:
    """Whether a progress bar is of use: in the log of a task it would be one long line."""
    return sys.stderr.isatty()


def tell_winner(trained: dict[str, Any]) -> dict[str, Any]:
    found = {one["kind"]: round(one["validation"]["ndcg_at_10"]["value"], 4) for one in trained["candidates"]}
    return {"kind": trained["kind"], "candidates": len(found), "validation_ndcg_at_10": found}
