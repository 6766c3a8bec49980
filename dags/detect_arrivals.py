"""Objects that have arrived start the ingest DAG of their source, within a minute.

One look a minute at what lies in `raw/` and is neither published nor refused. A source whose ingest DAG is at work is
left alone until it is done. The same objects start at most one run an hour, so that a run which fails is not started
again every minute; once the cause is repaired, clear it or wait.

**When it fails** The S3 server or the lake's PostgreSQL is away. The next minute tries again; nothing is lost.

**Safe to rerun?** Always: it only starts what has something to do.

**Owner** data-platform
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag

from watershed.airflow.arrivals import find_arrivals, list_watched, trigger_ingest
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START


@dag(
    schedule=CronTriggerTimetable("* * * * *", timezone="UTC"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=5),
    is_paused_upon_creation=False,
    default_args=describe_tasks(owner="data-platform") | {"retries": 0},
    tags=["ingest", "arrivals"],
    doc_md=complete_runbook(__doc__),
)
def detect_arrivals() -> None:
    find_arrivals() >> [trigger_ingest(source) for source in list_watched()]


detect_arrivals()
