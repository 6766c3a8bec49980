"""Train: the model's own `train` over the run's features, and a record of everything that decided the weights."""

import time

from watershed.flows.models.begun import ModelRun
from watershed.flows.models.build_features import load_features
from watershed.flows.models.training_steps import EndedTraining, find_training, write_training
from watershed.models.origin import find_commit
from watershed.models.outcomes import Document
from watershed.models.run import Kept
from watershed.warehouse.ledger.history import utc_now


def train_model(run: ModelRun) -> Document:
    """Train on the run's features. Leaves the weights beside the checkpoints, and `train_model.json`.

    Returns what the model tells of its training. Raises InvalidInput with one sentence where there is nothing to learn
    from. Repeated, it answers what the first try that ended has made, and goes on where one has not.
    """
    if (done := find_training(run)) is not None:
        return done.trained.told
    model, began = run.model, time.monotonic()
    kept, code = Kept(model.name, run.id, run.store), model.training.hash_code()
    trained = model.training.train(load_features(run), kept)
    training = EndedTraining(
        trained,
        weights_uri=kept.weights_uri,
        libraries=model.training.list_libraries(),
        code_commit=find_commit(),
        code_sha256=code,
        features_sha256=model.hash_features(),
        trained_at=utc_now(),
        ms=round((time.monotonic() - began) * 1000),
    )
    write_training(run, training)
    return trained.told
