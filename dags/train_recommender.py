"""The recommender is trained when enough has been rated and watched since, and predicts from then on if it is good.

`plan_training` skips the run unless there are 5 % more interactions than the last training had, or drift was found. The
candidates learn from the features of one recorded version of the lake; the best is judged, beside popularity and the
champion, on each user's last interaction, which no weight has seen. It becomes the champion, and the champion is
retired, or it is refused: then the run is green, `announce_champion` is skipped, and its log has the reason.

**When it fails**
- *connection* in an error: the S3 server or PostgreSQL is away. It retries by itself; then clear the failed task.
- `check_features`: there is nothing to learn from, a row breaks a rule, or there are ten times as many interactions as
  the champion had. If those are right, *Trigger* with *Accept growth*.
- `judge_model`: the champion's weights are missing or damaged. Restore them, or `watershed models promote`
  another version.
- `publish_model`, *published by another run*: somebody promoted a version meanwhile. It judges again on its retry.

Whatever fails, the champion goes on predicting.

**Safe to rerun?** Always: a cleared task goes on with the run's own features and checkpoints, and what is published
already is not published again. For newer data *Trigger* a new run, which trains whether or not enough is new.

**Owner** recommendations
"""

from airflow.sdk import chain, dag

from watershed.airflow import models
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START, ask_training

MODEL = "recommender"


@dag(
    schedule=models.listen_to_inputs(MODEL),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_training(),
    default_args=describe_tasks(owner="recommendations"),
    tags=["models"],
    doc_md=complete_runbook(__doc__),
)
def train_recommender() -> None:
    published = models.publish_model(MODEL)
    chain(
        models.plan_training(MODEL),
        models.build_features(MODEL),
        models.check_features(MODEL),
        models.train_model(MODEL),
        models.judge_model(MODEL),
        published,
        models.announce_champion(MODEL, published),
    )


train_recommender()
