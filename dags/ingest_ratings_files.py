"""Files of film ratings and titles become `core.ratings` and `core.film_titles`.

A run takes the files that are not published yet, such as those of MovieTweetings, and publishes both tables at once. It
runs when files arrive (`detect_arrivals`), daily at midnight UTC, and when triggered.

**Owner** streaming
"""

from airflow.sdk import chain, dag

from watershed.airflow.deadlines import finish_within
from watershed.airflow.ingest import check, land, publish, report_refused, stage
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import DAILY, START, ask_ingest

SOURCE = "ratings_files"


@dag(
    schedule=DAILY,
    start_date=START,
    catchup=False,
    deadline=finish_within(),
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_ingest(),
    default_args=describe_tasks(owner="streaming"),
    tags=["ingest", "logs", "films"],
    doc_md=complete_runbook(__doc__, SOURCE),
)
def ingest_ratings_files() -> None:
    published = publish(SOURCE)
    checks = [check(SOURCE, "ratings"), check(SOURCE, "film_titles")]
    chain(land(SOURCE), stage(SOURCE), checks, published, report_refused(SOURCE, published))


ingest_ratings_files()
