"""JSON documents about photos become `core.photo_documents`.

A run takes the documents that are not published yet; fields that the contract does not know are kept as JSON and
reported. It runs when files arrive (`detect_arrivals`), daily at midnight UTC, and when triggered.

**Owner** photos
"""

from airflow.sdk import chain, dag

from watershed.airflow.deadlines import finish_within
from watershed.airflow.ingest import check, land, publish, report_refused, stage
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import DAILY, START, ask_ingest

SOURCE = "photo_documents"


@dag(
    schedule=DAILY,
    start_date=START,
    catchup=False,
    deadline=finish_within(),
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_ingest(),
    default_args=describe_tasks(owner="photos"),
    tags=["ingest", "documents", "photos"],
    doc_md=complete_runbook(__doc__, SOURCE),
)
def ingest_photo_documents() -> None:
    published = publish(SOURCE)
    checks = [check(SOURCE, "photo_documents")]
    chain(land(SOURCE), stage(SOURCE), checks, published, report_refused(SOURCE, published))


ingest_photo_documents()
