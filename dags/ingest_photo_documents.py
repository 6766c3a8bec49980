"""JSON documents about photos become `core.photo_documents`.

A run takes the documents that are not published yet; fields that the contract does not know are kept as JSON and
reported. It runs when files arrive (`detect_arrivals`), daily at midnight UTC, and when triggered.

**When it fails**
- `land`, or any task with *connection* in its error: the S3 server or PostgreSQL is away. It retries by itself; then
  clear the failed task.
- `check_photo_documents`: the data of `core.photo_documents` looks wrong as a whole, such as a day with far too few rows. Nothing is published.
  The failed rules are in `watershed ledger photo_documents`.
- `report_refused`: the run is published, without the objects that it names. Repair the cause, then trigger the DAG with
  *Retry refused objects*; what is in the quarantine is shown by `SELECT * FROM quarantine.photo_documents`.

**Safe to rerun?** Always: a publish replaces what the same objects had published before. To rebuild days from raw use
*Backfill*, or *Trigger* with *Rebuild from* and *to*.

**Owner** photos
"""

from airflow.sdk import chain, dag

from plugins.retries import describe_tasks
from plugins.schedules import DAILY, START, ask_ingest
from plugins.steps import check, land, publish, report_refused, stage

SOURCE = "photo_documents"


@dag(
    schedule=DAILY,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_ingest(),
    default_args=describe_tasks(owner="photos"),
    tags=["ingest", "documents", "photos"],
    doc_md=__doc__,
)
def ingest_photo_documents() -> None:
    published = publish(SOURCE)
    checks = [check(SOURCE, "photo_documents")]
    chain(land(SOURCE), stage(SOURCE), checks, published, report_refused(SOURCE, published))


ingest_photo_documents()
