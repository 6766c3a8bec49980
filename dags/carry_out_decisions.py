"""Decisions about the data are carried out: rows leave a quarantine, are tried again, a table goes back.

A decision is a row of `ledger.decisions` with its author and reason, recorded on the pages *Quarantine* and *Snapshots*
of the cockpit, by `decide_refusals` or by `watershed tables rollback`. A run carries out one of them and does nothing
else. Objects that are tried again, or published anyway, are handed to the ingest DAG of their source.

**When it fails**
- `carry_out`, *there is no snapshot*: the version that the table was to go back to has expired meanwhile.
- `carry_out`, *Overtaken*: others publish the same objects all the time. Trigger it again.
- `hand_over`: the ingest run that it waited for failed; that run's tasks say why.
- *connection* in an error: the S3 server or PostgreSQL is away. It retries by itself; then clear the failed task.

**Safe to rerun?** Always: a decision that is carried out is carried out once, and skipped from then on.

**Owner** data-platform
"""

from airflow.sdk import dag

from watershed.airflow.decisions import carry_out, hand_over
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START, ask_decision


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    max_active_runs=8,
    is_paused_upon_creation=False,
    params=ask_decision(),
    default_args=describe_tasks(owner="data-platform"),
    tags=["decisions"],
    doc_md=complete_runbook(__doc__),
)
def carry_out_decisions() -> None:
    carry_out() >> hand_over()


carry_out_decisions()
