"""Predict: the champion's rows for the units of a run, staged as Parquet. Nobody can see them yet.

Features are read from the one version of the lake that the run chose, the weights stay as they were judged. What is
predicted of a unit depends on its own features alone, so that predicting for some or for all gives the same rows.
"""

import time
from contextlib import closing

from watershed.flows.models.begun import ModelRun
from watershed.flows.models.prediction_steps import Predicted, read_choice, write_predicted
from watershed.lake.store import side_key
from watershed.models.registry import find_version
from watershed.models.run import Staging
from watershed.warehouse.connection import connect, quote


def predict(run: ModelRun) -> dict[str, int]:
    """Predict for what `choose_units` chose. Leaves `features.parquet`, and `predict.json` with the staged files and
    the relations that rules compare with. Returns what the model tells of it.

    Raises InvalidInput when the weights are not those of the registry: nothing is published then.
    """
    model, choice, began = run.model, read_choice(run), time.monotonic()
    features = run.store.address(side_key(run.id, "features"))
    with closing(connect()) as con:
        version = find_version(con, model.name, choice.model_version)
        units = f"read_parquet({quote(choice.file)})" if choice.file else None
        model.write_features(con, features, choice.snapshot, units)
        staging = Staging(con, run.store, run.id, choice, features)
        counts = model.predicting.predict(version, staging)
    files = {table.address: staging.files.get(table.address, []) for table in model.tables}
    rows, ms = staging.rows.get(model.lists.address, 0), round((time.monotonic() - began) * 1000)
    write_predicted(run, Predicted(files, rows, counts, features, staging.references, ms))
    return counts
