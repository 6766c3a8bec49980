"""Messages about photos become `core.photo_events`, of which `core.photos_now` is the sum.

A run reads the topic from where the lake's own offsets end to the end that it sees, and publishes rows and offsets at
once. It runs within seconds when messages arrive (the triggerer watches the topic), hourly in case that fails, and when
triggered. What a `watershed stream start photo_events` reads is left to it: the run has nothing to do.

**When it fails**
- any task with *connection*, *timed out* or *transport* in its error: the broker, the S3 server or PostgreSQL is away.
  It retries by itself, and so does the next run; nothing is lost as long as the broker keeps its messages.
- `land` with *the broker deleted … messages before they were read* or *the topic was made anew*: the messages between
  are gone. Find out why, then do what the error says; what was lost is recorded in `ledger.offsets`.
- `publish` with *nothing of photo_events is published*: the batch breaks a rule that no message can break, so ours is
  a defect. Repair it and trigger the DAG; the messages wait.

Messages that are no events are no failure: they are in `quarantine.photo_events` with topic, partition and offset, and
`watershed replay photo_events` tries them again after a fix. `publish` is skipped where another consumer was faster.

**Safe to rerun?** Always: the offsets are published with the rows, so no message is there twice. Days (of arrival) are
rebuilt from the raw messages with *Trigger*, *Rebuild from* and *to*.

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
    doc_md=complete_runbook(__doc__),
)
def ingest_photo_events() -> None:
    chain(land(SOURCE), stage(SOURCE), [check(SOURCE, "photo_events")], publish(SOURCE))


ingest_photo_events()
