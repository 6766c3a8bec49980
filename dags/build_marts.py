"""Marts are brought up to date when a table that they read has changed.

Every publish announces the days that it changed. Each of them is a run here, whose partition key is the day; the key
`all` stands for the marts that have no days. A run starts only the marts that read what changed and skips the others; a
mart whose inputs are the same as when it was built is skipped too.

**When it fails**
- *connection* in an error: the S3 server or PostgreSQL is away. It retries by itself; then clear the failed task.
- one mart, with days in its error: its query `warehouse/marts/<mart>.sql` fails for them. Its other days are built, and
  all marts but those that read it, which are *upstream failed*.

**Safe to rerun?** Always: a rebuild replaces the partition. Clear a task, or *Trigger* with *Advanced > Partition Key*
set to a day or to `all`; without a key everything that is out of date is rebuilt, which also makes up for changes that
were announced while this DAG was paused. *Rebuild anyway* ignores what the ledger knows.

**Owner** data-platform
"""

from airflow.sdk import dag

from watershed.airflow.marts import build_mart, choose_marts, list_marts, list_reads, listen_to_tables
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START, ask_marts


@dag(
    schedule=listen_to_tables(),
    start_date=START,
    catchup=False,
    max_active_runs=8,
    is_paused_upon_creation=False,
    params=ask_marts(),
    default_args=describe_tasks(owner="data-platform"),
    tags=["marts"],
    doc_md=complete_runbook(__doc__),
)
def build_marts() -> None:
    chosen, built = choose_marts(), {mart.address: build_mart(mart) for mart in list_marts()}
    for mart in list_marts():
        before = [built[address] for address in list_reads(mart) if address in built]
        [chosen, *before] >> built[mart.address]


build_marts()
