"""Features of a run: the interactions at one recorded version of the lake, and whether they are fit to learn from."""

import time
from contextlib import closing
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from contracts.interactions import FEATURES
from models.recommender.features import write_features
from watershed.errors import InvalidInput
from watershed.flows.prepare import prepare_tables
from watershed.lake.store import open_store, side_key, step_key
from watershed.models.registry import Version, find_champion
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.publish import read_snapshot

MODEL = "recommender"
MOST_GROWTH = 10  # times the interactions of the champion: more overnight are a defect before they are a success


class TrainingBlocked(InvalidInput):
    """Nothing is trained or published, and the champion stays: the message says why."""


def build_features(run_id: str) -> dict[str, Any]:
    """Write the interactions of now to a file of the run. Repeated, it answers what the first try found.

    Returns `snapshot` (the version of the lake), and counts: `interactions`, `users`, `items`.
    """
    store, key = open_store(), step_key(run_id, "features")
    if (done := store.find_json(key)) is not None:
        return dict(done)
    prepare_tables(["core.ratings", "core.watch_minutes", "ml.models"])
    began, address = time.monotonic(), store.address(side_key(run_id, "features"))
    with closing(connect()) as con:
        snapshot = read_snapshot(con)
        rows = write_features(con, address, snapshot)
        query = f"SELECT count(DISTINCT user_id), count(DISTINCT item_id) FROM read_parquet({quote(address)})"
        users, items = con.execute(query).fetchone() or (0, 0)
    counts = {"snapshot": snapshot, "interactions": rows, "users": users, "items": items}
    store.write_json(key, counts | {"address": address, "ms": round((time.monotonic() - began) * 1000)})
    return counts


def check_features(run_id: str, accept_growth: bool = False) -> dict[str, Any]:
    """Evaluate the rules over the file. Raises TrainingBlocked when it breaks one, when there is nothing to learn from,
    and when there are more than ten times the champion's interactions, unless that growth is accepted.
    """
    from watershed.quality.check import check_rows

    store = open_store()
    features = store.read_json(step_key(run_id, "features"))
    began = time.monotonic()
    with closing(connect()) as con:
        verify_size(features, find_champion(con, MODEL), accept_growth)
        con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS FROM read_parquet({quote(features['address'])})")
        verdict = check_rows(con, FEATURES, "staged", utc_now())
    broken = [*verdict.blocking, *(f"{failed.column}: {failed.reason}" for failed in verdict.failed_rules)]
    if broken:
        where = f"the features at snapshot {features['snapshot']} break a rule"
        raise TrainingBlocked(f"{where}: {'; '.join(broken)}; mend the rows of core.ratings or core.watch_minutes")
    results = [{"table_name": FEATURES.address, **asdict(result)} for result in verdict.results]
    checked = {"checks": results, "ms": round((time.monotonic() - began) * 1000)}
    store.write_json(step_key(run_id, "check_features"), checked)
    return {"rules": len(results), "rows": features["interactions"]}


def verify_size(features: dict[str, Any], champion: Version | None, accept_growth: bool) -> None:
    """Raises TrainingBlocked."""
    rows, at = features["interactions"], f"at snapshot {features['snapshot']}"
    if not rows:
        raise TrainingBlocked(f"there are no interactions {at}: publish ratings or watch minutes, then train")
    for what in ("users", "items"):
        if features[what] < 2:
            raise TrainingBlocked(
                f"all {rows:,} interactions {at} are of one {what.removesuffix('s')}: nothing can be learned from them"
            )
    if champion and rows > MOST_GROWTH * champion.interaction_count and not accept_growth:
        raise TrainingBlocked(
            f"{rows:,} interactions {at} are more than {MOST_GROWTH} times the {champion.interaction_count:,} of the "
            f"champion, version {champion.model_version}: look for a source that was published twice; if they are "
            "right, run train_recommender with *Accept growth*"
        )


def load_features(run_id: str) -> pa.Table:
    """The run's interactions, in the order of the file."""
    address = open_store().read_json(step_key(run_id, "features"))["address"]
    with closing(connect()) as con:
        return con.execute(f"FROM read_parquet({quote(address)})").to_arrow_table().cast(FEATURES.arrow_schema)
