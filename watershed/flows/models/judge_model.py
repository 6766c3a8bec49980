"""Judge: by the model's own rule, beside the champion, on what no weight has seen."""

import time
from contextlib import closing

from watershed.flows.models.begun import ModelRun
from watershed.flows.models.build_features import load_features
from watershed.flows.models.training_steps import Judged, read_training, write_judged
from watershed.models.registry import find_champion
from watershed.warehouse.connection import connect


def judge_model(run: ModelRun) -> Judged:
    """Apply the rule of the model's folder. Leaves `judge_model.json`. Raises InvalidInput when the champion's weights
    cannot be read or are not what was published: nothing is published then.
    """
    model, training, began = run.model, read_training(run), time.monotonic()
    with closing(connect(read_only=True)) as con:
        champion = find_champion(con, model.name)
    judgement = model.training.judge(training.trained, training.weights_uri, load_features(run), champion)
    number = champion.model_version if champion else None
    judged = Judged(judgement, number, round((time.monotonic() - began) * 1000))
    write_judged(run, judged)
    return judged
