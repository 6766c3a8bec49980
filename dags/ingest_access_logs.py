"""Access logs of the web servers become `core.requests`.

A run takes the log files that are not published yet, whatever days they hold, and publishes them at once. It runs
when files arrive (`detect_arrivals`), daily at midnight UTC, and when triggered.

**Owner** web-platform
"""

from airflow.sdk import chain, dag

from watershed.airflow.deadlines import finish_within
from watershed.airflow.ingest import check, land, publish, report_refused, stage
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import DAILY, START, ask_ingest

SOURCE = "access_logs"


@dag(
    schedule=DAILY,
    start_date=START,
    catchup=False,
    deadline=finish_within(),
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_ingest(),
    default_args=describe_tasks(owner="web-platform"),
    tags=["ingest", "logs", "web"],
    doc_md=complete_runbook(__doc__, SOURCE),
)
def ingest_access_logs() -> None:
    published = publish(SOURCE)
    checks = [check(SOURCE, "requests")]
    chain(land(SOURCE), stage(SOURCE), checks, published, report_refused(SOURCE, published))


ingest_access_logs()
