"""Predict: the champion's rows for the units of a run, staged as Parquet. Nobody can see them yet.

Features are read from the one version of the lake that the run chose, the weights stay as they were judged. What is
predicted of a unit depends on its own features alone, so that predicting for some or for all gives the same rows.
"""

import time
from contextlib import closing
from typing import Any

from watershed.lake.store import open_store, side_key, step_key
from watershed.models.model import Model
from watershed.models.registry import find_version
from watershed.models.run import Staging
from watershed.warehouse.connection import connect, quote


def predict(model: Model, run_id: str) -> dict[str, Any]:
    """Predict for what `choose_units` chose. Leaves `features.parquet`, and `predict.json` with the staged files and
    the relations that rules compare with. Returns counts.

    Raises InvalidInput when the weights are not those of the registry: nothing is published then.
    """
    store = open_store()
    choice = store.read_json(step_key(run_id, "choose_units"))
    began, features = time.monotonic(), store.address(side_key(run_id, "features"))
    with closing(connect()) as con:
        version = find_version(con, model.name, choice["model_version"])
        units = f"read_parquet({quote(choice['file'])})" if choice["file"] else None
        model.write_features(con, features, choice["snapshot"], units)
        staging = Staging(con, store, run_id, choice, features)
        counts = model.predicting.predict(version, staging)
    about: dict[str, Any] = {"files": {table.address: staging.files.get(table.address, []) for table in model.tables}}
    about |= {"rows": staging.rows.get(model.lists.address, 0), "counts": counts, "features": features}
    about |= {"references": staging.references, "ms": round((time.monotonic() - began) * 1000)}
    store.write_json(step_key(run_id, "predict"), about)
    return counts
