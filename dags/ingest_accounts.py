"""The application's database becomes `core.users`, `core.cameras` and `core.photos`, with history.

A run extracts what changed since the last one, all tables at one consistent point, and publishes the three histories at
once. It runs daily at midnight UTC and when triggered; nothing arrives from a database, so nothing else starts it.

**When it fails**
- `land`, or any task with *connection* in its error: the S3 server or PostgreSQL is away. It retries by itself; then
  clear the failed task.
- `report_refused`: nothing of the extract is published, because a table looks wrong as a whole, such as one with far
  too few rows; the task's log says why. Repair the cause, then trigger the DAG again.
- `report_refused`, *is not what it was*: all is published. The database was restored or replaced, or its clock went
  back: find out whether it has what it should have.

Rows that break a rule are no failure: they are in `quarantine.users`, each with the rule and its record.

**Safe to rerun?** Always: histories are folded by key, and the same extract gives the same history. To fold extracts
of some days again use *Backfill*, or *Trigger* with *Rebuild from* and *to*.

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
    doc_md=complete_runbook(__doc__),
)
def ingest_accounts() -> None:
    published = publish(SOURCE)
    checks = [check(SOURCE, "users"), check(SOURCE, "cameras"), check(SOURCE, "photos")]
    chain(land(SOURCE), stage(SOURCE), checks, published, report_refused(SOURCE, published))


ingest_accounts()
