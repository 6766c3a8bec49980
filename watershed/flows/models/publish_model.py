"""Publish what was judged: its folder first, then one transaction that tells who predicts from now on."""

import json
from contextlib import closing
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.declarations.registry import MODELS
from watershed.flows.models.build_features import MODEL
from watershed.flows.models.judge_model import judge_model
from watershed.flows.models.register import crown, hold_registry, register
from watershed.flows.models.train_model import WEIGHTS
from watershed.lake.store import Store, checkpoint_key, model_key, open_store, step_key
from watershed.models.registry import Version, find_champion, list_versions
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import utc_now


def publish_model(run_id: str, actor: str) -> dict[str, Any]:
    """Register the run's model as champion, and the champion as retired; or as refused, and change nothing else.

    Returns `version`, `state`, `reason`, `snapshot` (what the publish made) and the test's `ndcg_at_10`. Repeated, it
    answers the same. Where the champion has changed since the run judged, it judges again before.
    """
    store = open_store()
    with hold_registry(MODEL), closing(connect()) as con:
        if (done := find_published(con, run_id)) is not None:
            return done
        champion = find_champion(con, MODEL)
        judged = read_judgement(store, run_id, champion)
        version = compose_version(con, run_id, judged)
        write_folder(store, version, run_id)
        rows = crown(version, version.reason, champion) if version.state == "champion" else [version]
        known = champion.model_version if champion else None
        checks = store.read_json(step_key(run_id, "check_features"))["checks"]
        snapshot = register(rows, run_id, actor, known, version.data_snapshot_id, checks)
    store.remove_all(checkpoint_key(MODEL, run_id, ""))
    return summarize(version) | {"snapshot": snapshot}


def find_published(con: DuckDBPyConnection, run_id: str) -> dict[str, Any] | None:
    """What an earlier try of the run published."""
    own = next((version for version in list_versions(con, MODEL) if version.run_id == run_id), None)
    if own is None:
        return None
    query = "SELECT max(snapshot_id) FROM ledger.publishes WHERE run_id = ? AND subject = ?"
    row = con.execute(query, [run_id, MODELS]).fetchone()
    return summarize(own) | {"snapshot": row[0] if row else None}


def read_judgement(store: Store, run_id: str, champion: Version | None) -> dict[str, Any]:
    key, number = step_key(run_id, "judge_model"), champion.model_version if champion else None
    if store.read_json(key)["champion"] != number:
        judge_model(run_id)
    return dict(store.read_json(key))


def compose_version(con: DuckDBPyConnection, run_id: str, judged: dict[str, Any]) -> Version:
    """The row of the run's model, with the next number."""
    store = open_store()
    features, trained = (store.read_json(step_key(run_id, step)) for step in ("features", "train_model"))
    number = max((version.model_version for version in list_versions(con, MODEL)), default=0) + 1
    return Version(
        model_name=MODEL,
        model_version=number,
        state=judged["state"],
        reason=judged["reason"],
        weights_uri=store.address(model_key(MODEL, number, WEIGHTS)),
        weights_sha256=trained["weights_sha256"],
        config_json=trained["config"],
        seed=trained["seed"],
        libraries_json=json.dumps(trained["libraries"]),
        code_commit=trained["code_commit"],
        code_sha256=trained["code_sha256"],
        features_sha256=trained["features_sha256"],
        data_snapshot_id=features["snapshot"],
        interaction_count=features["interactions"],
        metrics_json=json.dumps(judged["metrics"]),
        parent_version=judged["champion"],
        run_id=run_id,
        trained_at=datetime.fromisoformat(trained["trained_at"]),
        changed_at=utc_now(),
    )


def write_folder(store: Store, version: Version, run_id: str) -> None:
    """Weights, card, curves and metrics, where everybody looks for them."""
    from models.recommender.card import write_card
    from models.recommender.checkpoints import Point
    from models.recommender.curves import draw_curves

    trained = store.read_json(step_key(run_id, "train_model"))
    curve = choose_curve(trained)
    title = f"{version.model_name}, version {version.model_version}: {curve['kind']}"
    files = {
        WEIGHTS: store.read_bytes(checkpoint_key(MODEL, run_id, WEIGHTS)),
        "card.md": write_card(version).encode(),
        "curves.png": draw_curves([Point(**point) for point in curve["curve"]], title),
        "metrics.json": json.dumps(version.metrics, indent=2).encode(),
    }
    for name, content in files.items():
        store.write_bytes(model_key(MODEL, version.model_version, name), content)


def choose_curve(trained: dict[str, Any]) -> dict[str, Any]:
    """The candidate whose epochs are drawn: the winner, unless it is in closed form and another one has epochs."""

    def rank(one: dict[str, Any]) -> tuple[bool, bool]:
        return len(one["curve"]) > 1, one["kind"] == trained["kind"]

    candidates: list[dict[str, Any]] = trained["candidates"]
    return max(candidates, key=rank)


def summarize(version: Version) -> dict[str, Any]:
    return {
        "version": version.model_version,
        "state": version.state,
        "reason": version.reason,
        "ndcg_at_10": round(version.metrics["ndcg_at_10"]["value"], 4),
    }
