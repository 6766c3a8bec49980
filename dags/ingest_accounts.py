"""The application's database becomes `core.users`, `core.cameras` and `core.photos`, with history.

A run extracts what changed since the last one, all tables at one consistent point, and publishes the three histories at
once. It runs daily at midnight UTC and when triggered; nothing arrives from a database, so nothing else starts it.

**Owner** accounts
"""

from airflow.sdk import chain, dag

from watershed.airflow.deadlines import finish_within
from watershed.airflow.ingest import check, land, publish, report_refused, stage
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import DAILY, START, ask_ingest

SOURCE = "accounts"


@dag(
    schedule=DAILY,
    start_date=START,
    catchup=False,
    deadline=finish_within(),
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_ingest(),
    default_args=describe_tasks(owner="accounts"),
    tags=["ingest", "oltp", "photos"],
    doc_md=complete_runbook(__doc__, SOURCE),
)
def ingest_accounts() -> None:
    published = publish(SOURCE)
    checks = [check(SOURCE, "users"), check(SOURCE, "cameras"), check(SOURCE, "photos")]
    chain(land(SOURCE), stage(SOURCE), checks, published, report_refused(SOURCE, published))


ingest_accounts()
