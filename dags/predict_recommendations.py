"""The films to show each user are predicted when histories changed or another model was promoted.

`choose_units` finds the champion and the users whose history changed since it last predicted, by the lake's change
feed; with another champion, or when that snapshot has expired, it is everybody. `predict` stages 20 films for each of
them, `check` compares with the histories, `publish` replaces their lists in `ml.recommendations` and keeps every list
in `ml.predictions`. `measure_drift` compares with the champion's training data and fills `ml.drifts`; when something
has drifted, `train_recommender` is told.

**When it fails**
- `predict`, *is damaged*: the weights are not the file that was published. Restore it, or `watershed models promote`
  another version. Users go on seeing the lists they have.
- `choose_units`, *trained on other features*: the features query changed. Train again.
- `check`: the log says which rule is broken and by how many rows. *none:moved* means that scores moved as a whole: look
  at `ml.drifts` and at what was ingested; if it is right, *Trigger* with *Predict for everybody*.
- *connection* in an error: the S3 server or PostgreSQL is away. It retries by itself; then clear the failed task.

**Safe to rerun?** Always: lists are replaced. A run without a change is skipped.

**Owner** recommendations
"""

from airflow.sdk import dag

from watershed.airflow.predictions import (
    ask_predictions,
    check,
    choose_units,
    listen_to_champion,
    measure_drift,
    predict,
    publish,
)
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START

MODEL = "recommender"


@dag(
    schedule=listen_to_champion(MODEL),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_predictions(),
    default_args=describe_tasks(owner="recommendations"),
    tags=["models"],
    doc_md=complete_runbook(__doc__),
)
def predict_recommendations() -> None:
    choose_units(MODEL) >> predict(MODEL) >> [check(MODEL), measure_drift(MODEL)] >> publish(MODEL)


predict_recommendations()
