"""Train: the model's own `train` over the run's features, and a record of everything that decided the weights."""

import time
from typing import Any

from watershed.flows.models.build_features import load_features
from watershed.lake.store import open_store, step_key
from watershed.models.model import Model
from watershed.models.origin import find_commit
from watershed.models.run import Kept
from watershed.warehouse.ledger.history import utc_now


def train_model(model: Model, run_id: str) -> dict[str, Any]:
    """Train on the run's features. Leaves the weights beside the checkpoints, and `train_model.json`.

    Returns what the model tells of its training. Raises InvalidInput with one sentence where there is nothing to learn
    from. Repeated, it answers what the first try that ended has made, and goes on where one has not.
    """
    store, key = open_store(), step_key(run_id, "train_model")
    if "told" in (done := store.find_json(key) or {}):
        return dict(done["told"])
    began, kept, code = time.monotonic(), Kept(model.name, run_id, store), model.training.hash_code()
    trained = model.training.train(load_features(model, run_id), kept)
    trained |= {
        "weights_uri": kept.weights_uri,
        "libraries": model.training.list_libraries(),
        "code_commit": find_commit(),
        "code_sha256": code,
        "features_sha256": model.hash_features(),
        "trained_at": utc_now().isoformat(),
        "ms": round((time.monotonic() - began) * 1000),
    }
    store.write_json(key, trained)
    return dict(trained["told"])
