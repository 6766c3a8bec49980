"""Messages of the streaming service become `speed.watch_minutes`, `speed.ratings`, `speed.recommendation_requests`.

The continuous consumer `watershed stream start watch_events` does this within seconds, and while it runs there is
nothing to do here. When none runs, the triggerer sees messages arrive and a run reads the topic from where the lake's
own offsets end to the end that it sees. It runs hourly too, and when triggered. `check_parity` moves the rows to `core`
at night.

**Owner** streaming
"""

from airflow.sdk import chain, dag

from watershed.airflow.assets import topic_asset
from watershed.airflow.deadlines import finish_within
from watershed.airflow.ingest import check, land, publish, stage
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START, ask_stream, watch

SOURCE = "watch_events"


@dag(
    schedule=watch(topic_asset(SOURCE)),
    start_date=START,
    catchup=False,
    deadline=finish_within(),
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_stream(),
    default_args=describe_tasks(owner="streaming"),
    tags=["ingest", "stream", "films"],
    doc_md=complete_runbook(__doc__, SOURCE),
)
def ingest_watch_events() -> None:
    checks = [check(SOURCE, "watch_minutes"), check(SOURCE, "ratings"), check(SOURCE, "recommendation_requests")]
    chain(land(SOURCE), stage(SOURCE), checks, publish(SOURCE))


ingest_watch_events()
