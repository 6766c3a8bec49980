"""Messages about photos become `core.photo_events`, of which `core.photos_now` is the sum.

A run reads the topic from where the lake's own offsets end to the end that it sees, and publishes rows and offsets at
once. It runs within seconds when messages arrive (the triggerer watches the topic), hourly in case that fails, and when
triggered. Partitions that a `watershed stream start photo_events` reads are left to it: the run has nothing to do.

**Owner** photos
"""

from airflow.sdk import chain, dag

from watershed.airflow.assets import topic_asset
from watershed.airflow.deadlines import finish_within
from watershed.airflow.ingest import check, land, publish, stage
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START, ask_stream, watch

SOURCE = "photo_events"


@dag(
    schedule=watch(topic_asset(SOURCE)),
    start_date=START,
    catchup=False,
    deadline=finish_within(),
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_stream(),
    default_args=describe_tasks(owner="photos"),
    tags=["ingest", "stream", "photos"],
    doc_md=complete_runbook(__doc__, SOURCE),
)
def ingest_photo_events() -> None:
    chain(land(SOURCE), stage(SOURCE), [check(SOURCE, "photo_events")], publish(SOURCE))


ingest_photo_events()
