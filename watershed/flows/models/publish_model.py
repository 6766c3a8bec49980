"""Publish what was judged: its folder first, then one transaction that tells who predicts from now on."""

import json
from contextlib import closing
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from watershed.declarations.registry import MODELS
from watershed.flows.models.begun import ModelRun
from watershed.flows.models.judge_model import judge_model
from watershed.flows.models.prediction_steps import read_checks
from watershed.flows.models.register import crown, hold_registry, register
from watershed.flows.models.training_steps import Judged, read_features, read_judged, read_training
from watershed.lake.store import checkpoint_key, model_key
from watershed.models.registry import Version, find_champion, list_versions
from watershed.models.run import WEIGHTS_FILE
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import utc_now


@dataclass(frozen=True)
class PublishedVersion:
    """A version as it was registered. `figure`: the model's metric, of the test. `snapshot`: what the publish made."""

    version: int
    state: str
    reason: str
    figure: float
    snapshot: int


def publish_model(run: ModelRun) -> PublishedVersion:
    """Register the run's model as champion, and the champion as retired; or as refused, and change nothing else.

    Repeated, it answers the same. Where the champion has changed since the run judged, it judges again before.
    """
    name = run.model.name
    with hold_registry(name), closing(connect()) as con:
        if (done := find_published(run, con)) is not None:
            return done
        champion = find_champion(con, name)
        version = compose_version(run, con, judge_beside(run, champion))
        write_folder(run, version)
        rows = crown(version, version.reason, champion) if version.state == "champion" else [version]
        known = champion.model_version if champion else None
        checks = read_checks(run, "check_features").checks
        snapshot = register(rows, run.id, run.actor, known, version.data_snapshot_id, checks)
    run.store.remove_all(checkpoint_key(name, run.id, ""))
    return summarize(run, version, snapshot)


def find_published(run: ModelRun, con: DuckDBPyConnection) -> PublishedVersion | None:
    """What an earlier try of the run published."""
    own = next((version for version in list_versions(con, run.model.name) if version.run_id == run.id), None)
    if own is None:
        return None
    query = "SELECT max(snapshot_id) FROM ledger.publishes WHERE run_id = ? AND subject = ?"
    ((snapshot,),) = con.execute(query, [run.id, MODELS]).fetchall()
    return summarize(run, own, snapshot)


def judge_beside(run: ModelRun, champion: Version | None) -> Judged:
    """The judgement beside this champion."""
    judged, number = read_judged(run), champion.model_version if champion else None
    return judged if judged.champion == number else judge_model(run)


def compose_version(run: ModelRun, con: DuckDBPyConnection, judged: Judged) -> Version:
    """The row of the run's model, with the next number."""
    model, features, training = run.model, read_features(run), read_training(run)
    trained, judgement = training.trained, judged.judgement
    number = max((version.model_version for version in list_versions(con, model.name)), default=0) + 1
    return Version(
        model_name=model.name,
        model_version=number,
        state=judgement.state,
        reason=judgement.reason,
        weights_uri=run.store.address(model_key(model.name, number, WEIGHTS_FILE)),
        weights_sha256=trained.weights_sha256,
        config_json=trained.config,
        seed=trained.seed,
        libraries_json=json.dumps(training.libraries),
        code_commit=training.code_commit,
        code_sha256=training.code_sha256,
        features_sha256=training.features_sha256,
        data_snapshot_id=features.snapshot,
        row_count=features.counts[model.features.name],
        metrics_json=json.dumps(judgement.metrics),
        parent_version=judged.champion,
        run_id=run.id,
        trained_at=training.trained_at,
        changed_at=utc_now(),
    )


def write_folder(run: ModelRun, version: Version) -> None:
    """Weights, metrics and what the model says of itself, where everybody looks for them."""
    name, store = run.model.name, run.store
    files = {
        WEIGHTS_FILE: store.read_bytes(checkpoint_key(name, run.id, WEIGHTS_FILE)),
        "metrics.json": json.dumps(version.metrics, indent=2).encode(),
        **run.model.training.describe(version, read_training(run).trained),
    }
    for file, content in files.items():
        store.write_bytes(model_key(name, version.model_version, file), content)


def summarize(run: ModelRun, version: Version, snapshot: int) -> PublishedVersion:
    figure = round(version.metrics[run.model.metric]["value"], 4)
    return PublishedVersion(version.model_version, version.state, version.reason, figure, snapshot)
