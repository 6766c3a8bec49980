"""Drift: how far what is predicted from has moved from the champion's training data, as the model's folder measures it.

The reference is made once a version, from the version of the lake that it was trained on, and lies beside its weights.
"""

from contextlib import closing
from typing import Any
from uuid import uuid4

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations import find_table
from watershed.declarations.registry import DRIFTS
from watershed.lake.store import Store, model_key, open_store, step_key, table_key
from watershed.models.model import Drift, Model
from watershed.models.registry import Version, find_version
from watershed.models.run import Staging
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now

LAST_DRIFTS = f"""
    SELECT bool_or(is_drifted) FROM {DRIFTS} WHERE model_version = ?
    AND run_id IN (SELECT run_id FROM ledger.publishes WHERE subject = ?)
    GROUP BY run_id ORDER BY max(measured_at) DESC LIMIT 1
"""


def measure_drift(model: Model, run_id: str) -> dict[str, Any]:
    """Compare what is predicted from now with the reference. Leaves `drift.json` with a staged file of ml.drifts.

    Returns the largest index; `has_drifted` when a quantity has drifted that had not when last measured for this
    version: whoever trains is told once, not after every run until there is a better model.
    """
    store = open_store()
    choice = store.read_json(step_key(run_id, "choose_units"))
    predicted = store.read_json(step_key(run_id, "predict"))
    with closing(connect()) as con:
        version = find_version(con, model.name, choice["model_version"])
        staging = Staging(con, store, run_id, choice, predicted["features"], predicted["files"])
        found = compare(model.drift, version, staging) if model.drift else []
        before = con.execute(LAST_DRIFTS, [version.model_version, model.lists.address]).fetchone()
        files = [stage_drifts(con, found, version, run_id, store)] if found else []
    drifted = [row["quantity"] for row in found if row["is_drifted"]]
    report = {
        "files": files,
        "rows": len(found),
        "drifted": drifted,
        "has_drifted": bool(drifted) and not (before and before[0]),
        "psi": max((row["psi"] for row in found), default=0.0),
    }
    store.write_json(step_key(run_id, "drift"), report)
    return report


def compare(drift: Drift, version: Version, staging: Staging) -> list[dict[str, Any]]:
    """Compare with drift.json beside the weights; it is made where it is missing, or lacks some quantity."""
    key = model_key(version.model_name, version.model_version, "drift.json")
    reference = staging.store.find_json(key)
    if reference is None or set(reference["quantities"]) != set(drift.QUANTITIES):
        reference = drift.describe_training(staging.con, version)
        staging.store.write_json(key, reference)
    return drift.compare_now(staging.con, reference, staging)


def stage_drifts(
    con: DuckDBPyConnection, found: list[dict[str, Any]], version: Version, run_id: str, store: Store
) -> str:
    """Write the rows of ml.drifts. Returns the file's address."""
    about = {"measured_at": utc_now(), "run_id": run_id, "model_version": version.model_version}
    file = store.address(table_key(DRIFTS, f"{run_id}-{uuid4().hex[:12]}"))
    con.register("drifts", pa.Table.from_pylist([about | row for row in found], find_table(DRIFTS).arrow_schema))
    con.execute(f"COPY (FROM drifts) TO {quote(file)} (FORMAT parquet)")
    con.unregister("drifts")
    return file
