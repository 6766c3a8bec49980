"""The films are published when ratings changed or another version was promoted.

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

MODEL = "weekdays"


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
def predict_weekdays() -> None:
    choose_units(MODEL) >> predict(MODEL) >> [check(MODEL), measure_drift(MODEL)] >> publish(MODEL)


predict_weekdays()
