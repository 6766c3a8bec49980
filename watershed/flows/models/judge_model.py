"""Judge: by the model's own rule, beside the champion, on what no weight has seen."""

import time
from contextlib import closing
from typing import Any

from watershed.flows.models.build_features import load_features
from watershed.lake.store import open_store, step_key
from watershed.models.model import Model
from watershed.models.registry import find_champion
from watershed.warehouse.connection import connect


def judge_model(model: Model, run_id: str) -> dict[str, Any]:
    """Apply the rule of the model's folder. Leaves `judge_model.json`: state, reason, metrics, champion.

    Returns state and reason. Raises InvalidInput when the champion's weights cannot be read or are not what was
    published: nothing is published then.
    """
    store, began = open_store(), time.monotonic()
    trained = store.read_json(step_key(run_id, "train_model"))
    with closing(connect(read_only=True)) as con:
        champion = find_champion(con, model.name)
    judged = model.training.judge(trained, load_features(model, run_id), champion)
    told = judged | {"champion": champion.model_version if champion else None}
    store.write_json(step_key(run_id, "judge_model"), told | {"ms": round((time.monotonic() - began) * 1000)})
    return {name: judged[name] for name in ("state", "reason")}
