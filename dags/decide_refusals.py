"""A person is asked whether objects that a run refused are published anyway.

A publish refuses objects with more bad rows than the contract tolerates or not one good row, or that make a table look
wrong as a whole. Then a run here asks: *Publish anyway*, *Try again* after a fix, or *Leave refused*.
The question waits under *Required Actions*, without taking a slot, for a week; the answer is recorded as a decision,
with who and why, and `carry_out_decisions` does what it says. The page *Quarantine* of the cockpit offers the same.

**When it fails** *connection* in an error: the S3 server or PostgreSQL is away. It retries by itself; then clear the
failed task. `ask` after it was cleared asks again. Whatever fails, the objects stay refused and nothing is lost.

**Safe to rerun?** Always: an answer is recorded once, and what was published meanwhile is not asked about.

**Owner** data-platform
"""

from airflow.sdk import dag

from watershed.airflow.decisions import (
    ask,
    carry_out_decision,
    describe_refusals,
    listen_to_refusals,
    record_answer,
)
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import START


@dag(
    schedule=listen_to_refusals(),
    start_date=START,
    catchup=False,
    max_active_runs=8,
    is_paused_upon_creation=False,
    default_args=describe_tasks(owner="data-platform"),
    tags=["decisions"],
    doc_md=complete_runbook(__doc__),
)
def decide_refusals() -> None:
    described, asked = describe_refusals(), ask()
    described >> asked >> record_answer(described, asked) >> carry_out_decision()


decide_refusals()
