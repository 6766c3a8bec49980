"""What a step of a model's run has left is read as it was written, by this Watershed or one of version 0.1.0."""

import json
import zipfile
from dataclasses import asdict
from datetime import datetime
from typing import Any

from models.recommender.training import choose_curve
from tests.old_lake import FOLDER
from watershed.flows.models.prediction_steps import CheckedRules
from watershed.flows.models.training_steps import EndedTraining, Features, Judged
from watershed.models.outcomes import Judgement, Trained
from watershed.warehouse.ledger.rows import CheckRow

TRAINED = Trained('{"kind": "mean"}', 3, "f00", {"epochs": 2}, {"curve": [0.5, 0.25], "ms": "a word of the model's"})
TRAINING = EndedTraining(
    TRAINED,
    weights_uri="s3://lake/w",
    libraries={"torch": "2"},
    code_commit=None,
    code_sha256="c0",
    features_sha256="fe",
    trained_at=datetime(2026, 11, 2, 10, 30, 0, 7),
    ms=12,
)
CHECK = CheckRow("features.minutes", "unique:user_id", None, "critical", 9, 0, True, None)


def pass_through(told: Any) -> Any:
    return json.loads(json.dumps(told))


def test_what_was_written_comes_back() -> None:
    assert EndedTraining.from_json(pass_through(TRAINING.to_json())) == TRAINING
    judged = Judged(Judgement("refused", "it is worse", {"rmse": {"value": 0.5}}), None, 4)
    assert Judged.from_json(pass_through(judged.to_json())) == judged
    features = Features(7, {"minutes": 9, "users": 2, "ms": 3}, "s3://lake/f", 12)
    assert Features.from_json(pass_through(asdict(features))) == features
    checked = CheckedRules([CHECK], 3)
    assert CheckedRules.from_json(pass_through(asdict(checked))) == checked


def read_old(step: str) -> Any:
    """What a step of the training in the lake of 0.1.0 has left."""
    with zipfile.ZipFile(FOLDER / "objects.zip") as objects:
        return json.loads(objects.read(f"runs/train-1/{step}.json"))


def test_a_training_of_0_1_0_is_read() -> None:
    told = read_old("train_model")
    training = EndedTraining.from_json(told)
    assert training.trained.own["candidates"] == told["candidates"]
    assert choose_curve(training.trained) in told["candidates"]
    written = pass_through(training.to_json())
    assert {name: written[name] for name in ("seed", "weights_sha256", "libraries", "trained_at", "ms")}.items() <= (
        told.items()
    )
    told = read_old("judge_model")
    assert pass_through(Judged.from_json(told).to_json()) == told
    told = read_old("features")
    features = Features.from_json(told)
    assert features.counts == {name: told[name] for name in ("interactions", "users", "items")}
    told = read_old("check_features")
    assert pass_through(asdict(CheckedRules.from_json(told))) == told
