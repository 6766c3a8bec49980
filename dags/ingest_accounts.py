"""The application's database becomes `core.users`, `core.cameras` and `core.photos`, with history.

A run extracts what changed since the last one, all tables at one consistent point, and publishes the three histories at
once. It runs daily at midnight UTC and when triggered; nothing arrives from a database, so nothing else starts it.

**When it fails**
- `land`, or any task with *connection* in its error: the S3 server or PostgreSQL is away. It retries by itself; then
  clear the failed task.
- `check_<table>`: the data of that table looks wrong as a whole, such as a day with far too few rows. Nothing is
  published. The failed rules are in `watershed ledger <table>`.
- `report_refused`: the run is published, without the objects that it names. Repair the cause, then trigger the DAG with
  *Retry refused objects*; what is in the quarantine is shown by `SELECT * FROM quarantine.users`.

**Safe to rerun?** Always: a publish replaces what the same objects had published before. To rebuild days from raw use
*Backfill*, or *Trigger* with *Rebuild from* and *to*.

**Owner** accounts
"""

from airflow.sdk import chain, dag

from plugins.retries import describe_tasks
from plugins.schedules import DAILY, START, ask_ingest
from plugins.steps import check, land, publish, report_refused, stage

SOURCE = "accounts"


@dag(
    schedule=DAILY,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    params=ask_ingest(),
    default_args=describe_tasks(owner="accounts"),
    tags=["ingest", "oltp", "photos"],
    doc_md=__doc__,
)
def ingest_accounts() -> None:
    published = publish(SOURCE)
    checks = [check(SOURCE, "users"), check(SOURCE, "cameras"), check(SOURCE, "photos")]
    chain(land(SOURCE), stage(SOURCE), checks, published, report_refused(SOURCE, published))


ingest_accounts()
