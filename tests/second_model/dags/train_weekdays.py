"""The film of each day of the week is chosen when enough was rated since.

**Owner** recommendations
"""

from airflow.sdk import chain, dag

from watershed.airflow import models
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START, ask_training

MODEL = "weekdays"


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
def train_weekdays() -> None:
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


train_weekdays()
