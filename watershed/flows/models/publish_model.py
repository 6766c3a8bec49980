"""Publish what was judged: its folder first, then one transaction that tells who predicts from now on."""

import json
from contextlib import closing
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.declarations.registry import MODELS
from watershed.flows.models.judge_model import judge_model
from watershed.flows.models.register import crown, hold_registry, register
from watershed.lake.store import Store, checkpoint_key, model_key, open_store, step_key
from watershed.models.model import Model
from watershed.models.registry import Version, find_champion, list_versions
from watershed.models.run import WEIGHTS_FILE
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.ledger.rows import CheckRow


def publish_model(model: Model, run_id: str, actor: str) -> dict[str, Any]:
    """Register the run's model as champion, and the champion as retired; or as refused, and change nothing else.

    Returns `version`, `state`, `reason`, `snapshot` (what the publish made) and the test's metric. Repeated, it
    answers the same. Where the champion has changed since the run judged, it judges again before.
    """
    store = open_store()
    with hold_registry(model.name), closing(connect()) as con:
        if (done := find_published(model, con, run_id)) is not None:
            return done
        champion = find_champion(con, model.name)
        judged = read_judgement(model, store, run_id, champion)
        version = compose_version(model, con, run_id, judged)
        write_folder(model, store, version, run_id)
        rows = crown(version, version.reason, champion) if version.state == "champion" else [version]
        known = champion.model_version if champion else None
        checks = [CheckRow(**one) for one in store.read_json(step_key(run_id, "check_features"))["checks"]]
        snapshot = register(rows, run_id, actor, known, version.data_snapshot_id, checks)
    store.remove_all(checkpoint_key(model.name, run_id, ""))
    return summarize(model, version) | {"snapshot": snapshot}


def find_published(model: Model, con: DuckDBPyConnection, run_id: str) -> dict[str, Any] | None:
    """What an earlier try of the run published."""
    own = next((version for version in list_versions(con, model.name) if version.run_id == run_id), None)
    if own is None:
        return None
    query = "SELECT max(snapshot_id) FROM ledger.publishes WHERE run_id = ? AND subject = ?"
    row = con.execute(query, [run_id, MODELS]).fetchone()
    return summarize(model, own) | {"snapshot": row[0] if row else None}


def read_judgement(model: Model, store: Store, run_id: str, champion: Version | None) -> dict[str, Any]:
    key, number = step_key(run_id, "judge_model"), champion.model_version if champion else None
    if store.read_json(key)["champion"] != number:
        judge_model(model, run_id)
    return dict(store.read_json(key))


def compose_version(model: Model, con: DuckDBPyConnection, run_id: str, judged: dict[str, Any]) -> Version:
    """The row of the run's model, with the next number."""
    store = open_store()
    features, trained = (store.read_json(step_key(run_id, step)) for step in ("features", "train_model"))
    number = max((version.model_version for version in list_versions(con, model.name)), default=0) + 1
    return Version(
        model_name=model.name,
        model_version=number,
        state=judged["state"],
        reason=judged["reason"],
        weights_uri=store.address(model_key(model.name, number, WEIGHTS_FILE)),
        weights_sha256=trained["weights_sha256"],
        config_json=trained["config"],
        seed=trained["seed"],
        libraries_json=json.dumps(trained["libraries"]),
        code_commit=trained["code_commit"],
        code_sha256=trained["code_sha256"],
        features_sha256=trained["features_sha256"],
        data_snapshot_id=features["snapshot"],
        interaction_count=features[model.features.name],
        metrics_json=json.dumps(judged["metrics"]),
        parent_version=judged["champion"],
        run_id=run_id,
        trained_at=datetime.fromisoformat(trained["trained_at"]),
        changed_at=utc_now(),
    )


def write_folder(model: Model, store: Store, version: Version, run_id: str) -> None:
    """Weights, metrics and what the model says of itself, where everybody looks for them."""
    files = {
        WEIGHTS_FILE: store.read_bytes(checkpoint_key(model.name, run_id, WEIGHTS_FILE)),
        "metrics.json": json.dumps(version.metrics, indent=2).encode(),
        **model.training.describe(version, store.read_json(step_key(run_id, "train_model"))),
    }
    for name, content in files.items():
        store.write_bytes(model_key(model.name, version.model_version, name), content)


def summarize(model: Model, version: Version) -> dict[str, Any]:
    return {
        "version": version.model_version,
        "state": version.state,
        "reason": version.reason,
        model.metric: round(version.metrics[model.metric]["value"], 4),
    }
