"""Drift: how far histories and scores have moved from the champion's training data, by models/recommender/drift.py.

The reference is made once a version, from the version of the lake that it was trained on, and lies beside its weights.
All users count, whomever the run predicts for: of a few the index would be chance.
"""

from contextlib import closing
from typing import Any
from uuid import uuid4

import pyarrow as pa
from duckdb import DuckDBPyConnection

from contracts.drifts import TABLE
from contracts.recommendations import TABLE as RECOMMENDATIONS
from models.recommender.drift import QUANTITIES, compare, describe
from models.recommender.features import features_sql, read_features
from watershed.flows.ingest.check import list_sql
from watershed.flows.models.predict import MODEL
from watershed.lake.store import Store, model_key, open_store, side_key, step_key, table_key
from watershed.models.registry import Version, find_version
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now

SAMPLE = 10_000  # users whose best score at training time is the reference
LAST_DRIFTS = f"""
    SELECT bool_or(is_drifted) FROM {TABLE.address} WHERE model_version = ?
    GROUP BY run_id ORDER BY max(measured_at) DESC LIMIT 1
"""


def measure_drift(run_id: str) -> dict[str, Any]:
    """Compare what is predicted from now with the reference. Leaves `drift.json` with a staged file of ml.drifts.

    Returns the largest index; `has_drifted` when a quantity has drifted that had not when last measured for this
    version: whoever trains is told once, not after every run until there is a better model.
    """
    store = open_store()
    choice = store.read_json(step_key(run_id, "choose_users"))
    predicted = store.read_json(step_key(run_id, "predict"))
    with closing(connect()) as con:
        version = find_version(con, MODEL, choice["model_version"])
        reference = find_reference(con, version, store)
        show_now(con, choice, predicted, run_id, store)
        register_items(con, reference["items"])
        found = compare(con, reference["quantities"])
        before = con.execute(LAST_DRIFTS, [version.model_version]).fetchone()
        file = stage_drifts(con, found, version, run_id, store)
    drifted = [row["quantity"] for row in found if row["is_drifted"]]
    report = {
        "file": file,
        "rows": len(found),
        "drifted": drifted,
        "has_drifted": bool(drifted) and not (before and before[0]),
        "psi": max(row["psi"] for row in found),
    }
    store.write_json(step_key(run_id, "drift"), report)
    return report


def find_reference(con: DuckDBPyConnection, version: Version, store: Store) -> dict[str, Any]:
    """What drift.json beside the weights says; it is made where it is missing, or says nothing of some quantity."""
    key = model_key(MODEL, version.model_version, "drift.json")
    found = store.find_json(key)
    if found is not None and set(found["quantities"]) == set(QUANTITIES):
        return dict(found)
    reference = make_reference(con, version)
    store.write_json(key, reference)
    return reference


def make_reference(con: DuckDBPyConnection, version: Version) -> dict[str, Any]:
    """Describe the whole histories at the version of the lake that the model was trained on."""
    from models.recommender.champion import load_version

    model = load_version(version)
    snapshot = version.data_snapshot_id
    con.execute(f"CREATE OR REPLACE TEMP TABLE interactions AS {features_sql(snapshot)}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE sampled AS SELECT user_id FROM
            (SELECT DISTINCT user_id FROM interactions) ORDER BY hash(user_id), user_id LIMIT {SAMPLE}"""
    )
    histories = read_features(con, snapshot, "temp.sampled")
    best = model.with_history(histories).recommend(histories["user_id"].unique(), 1, as_of=model.as_of)
    con.register("best", best)
    items = model.items.to_pylist()
    register_items(con, items)
    reference = {"items": items, "quantities": describe(con)}
    con.unregister("best")
    con.execute("DROP TABLE interactions")
    return reference


def register_items(con: DuckDBPyConnection, items: list[str]) -> None:
    con.register("items", pa.table({"item_id": pa.array(items, pa.string()), "place": range(len(items))}))


def show_now(
    con: DuckDBPyConnection, choice: dict[str, Any], predicted: dict[str, Any], run_id: str, store: Store
) -> None:
    """The views `interactions` and `best` as of this run: of all users, those it did not predict for as they were."""
    features = predicted["features"]
    scores = []
    if files := predicted["files"][RECOMMENDATIONS.address]:
        scores.append(f"SELECT score FROM read_parquet({list_sql(files)}) WHERE rank = 1")
    if choice["file"]:
        features = store.address(side_key(run_id, "all_features"))
        con.execute(f"COPY (\n{features_sql(choice['snapshot'])}\n) TO {quote(features)} (FORMAT parquet)")
        changed = f"SELECT user_id FROM read_parquet({quote(choice['file'])})"
        scores.append(f"SELECT score FROM {RECOMMENDATIONS.address} WHERE rank = 1 AND user_id NOT IN ({changed})")
    con.execute(f"CREATE TEMP VIEW interactions AS FROM read_parquet({quote(features)})")
    con.execute(f"CREATE TEMP VIEW best AS {' UNION ALL '.join(scores) or 'SELECT 0.0::DOUBLE AS score WHERE false'}")


def stage_drifts(
    con: DuckDBPyConnection, found: list[dict[str, Any]], version: Version, run_id: str, store: Store
) -> str:
    """Write the rows of ml.drifts. Returns the file's address."""
    about = {"measured_at": utc_now(), "run_id": run_id, "model_version": version.model_version}
    file = store.address(table_key(TABLE.address, f"{run_id}-{uuid4().hex[:12]}"))
    con.register("drifts", pa.Table.from_pylist([about | row for row in found], TABLE.arrow_schema))
    con.execute(f"COPY (FROM drifts) TO {quote(file)} (FORMAT parquet)")
    con.unregister("drifts")
    return file
