"""Drift: how far what is predicted from has moved from the champion's training data, as the model's folder measures it.

The reference is made once a version, from the version of the lake that it was trained on, and lies beside its weights.
"""

from contextlib import closing
from dataclasses import asdict
from uuid import uuid4

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations import find_table
from watershed.declarations.registry import DRIFTS
from watershed.flows.models.begun import ModelRun
from watershed.flows.models.prediction_steps import Drifted, read_choice, read_predicted, write_drifted
from watershed.lake.store import model_key, table_key
from watershed.models.model import Drift
from watershed.models.outcomes import MeasuredDrift
from watershed.models.registry import Version, find_version
from watershed.models.run import Staging
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now

LAST_DRIFTS = f"""
    SELECT bool_or(is_drifted) FROM {DRIFTS} WHERE model_version = ?
    AND run_id IN (SELECT run_id FROM ledger.publishes WHERE subject = ?)
    GROUP BY run_id ORDER BY max(measured_at) DESC LIMIT 1
"""


def measure_drift(run: ModelRun) -> Drifted:
    """Compare what is predicted from now with the reference. Leaves `drift.json` with a staged file of ml.drifts.

    It has drifted when a quantity has that had not when last measured for this version: whoever trains is told once,
    not after every run until there is a better model.
    """
    model, choice, predicted = run.model, read_choice(run), read_predicted(run)
    with closing(connect()) as con:
        version = find_version(con, model.name, choice.model_version)
        staging = Staging(con, run.store, run.id, choice, predicted.features, predicted.files)
        found = compare(model.drift, version, staging) if model.drift else []
        before = con.execute(LAST_DRIFTS, [version.model_version, model.lists.address]).fetchone()
        files = [stage_drifts(con, found, version, run)] if found else []
    drifted = [one.quantity for one in found if one.is_drifted]
    is_new = bool(drifted) and not (before and before[0])
    measured = Drifted(files, len(found), drifted, is_new, max((one.psi for one in found), default=0.0))
    write_drifted(run, measured)
    return measured


def compare(drift: Drift, version: Version, staging: Staging) -> list[MeasuredDrift]:
    """Compare with drift.json beside the weights; it is made where it is missing, or lacks some quantity."""
    key = model_key(version.model_name, version.model_version, "drift.json")
    reference = staging.store.find_json(key)
    if reference is None or set(reference["quantities"]) != set(drift.QUANTITIES):
        reference = drift.describe_training(staging.con, version)
        staging.store.write_json(key, reference)
    return drift.compare_now(staging.con, reference, staging)


def stage_drifts(con: DuckDBPyConnection, found: list[MeasuredDrift], version: Version, run: ModelRun) -> str:
    """Write the rows of ml.drifts. Returns the file's address."""
    about = {"measured_at": utc_now(), "run_id": run.id, "model_version": version.model_version}
    file = run.store.address(table_key(DRIFTS, f"{run.id}-{uuid4().hex[:12]}"))
    rows = [about | asdict(one) for one in found]
    con.register("drifts", pa.Table.from_pylist(rows, find_table(DRIFTS).arrow_schema))
    con.execute(f"COPY (FROM drifts) TO {quote(file)} (FORMAT parquet)")
    con.unregister("drifts")
    return file
