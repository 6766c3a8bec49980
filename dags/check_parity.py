"""Rows that streams have published are computed again from their raw messages, compared, and replaced.

Every night, for each stream: `promote_<stream>` takes the messages of past days whose rows are in the speed layer;
what is computed of them goes to `core`, and their speed rows go, in one transaction. `sample_<stream>` does the same
for a few days that are in `core` already, others every night. Every comparison is rows of `ledger.parity`.

**When it fails**
- any task with *connection* in its error: the S3 server or PostgreSQL is away. It retries by itself; then clear the
  failed task. Rows that were left are promoted the next night: until then questions to `serve` get the same answers.
- `report_differences`: days of `core` were not what their messages say now; the log has a sentence for each. They have
  been replaced, so the run is not to be repeated. Expected after a transform was changed; otherwise it is a defect:
  find the cause, with `watershed trace`.

A difference in what is promoted is a sentence in the log of `settle`, and no failure: late knowledge is what the batch
layer is for.

**Safe to rerun?** Always: what is in `core` already is not promoted again. *Promote before* takes another moment than
the day's start, *Days to compare* more or fewer days.

**Owner** data-platform
"""

from airflow.sdk import TaskGroup, chain, dag

from watershed.airflow.parity import check_tables, list_comparisons, report_differences, settle, stage, take
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import NIGHTLY, START, ask_parity


@dag(
    schedule=NIGHTLY,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    is_paused_upon_creation=False,
    params=ask_parity(),
    default_args=describe_tasks(owner="data-platform"),
    tags=["stream", "parity"],
    doc_md=complete_runbook(__doc__),
)
def check_parity() -> None:
    samples = []
    for what, stream in list_comparisons():
        with TaskGroup(f"{what}_{stream}"):
            settled = settle(what, stream)
            chain(take(what, stream), stage(what, stream), check_tables(what, stream), settled)
        if what == "sample":
            samples.append(settled)
    report_differences(samples)


check_parity()
