"""Small files become few, and files that nothing refers to any more are deleted.

Streams leave a file every few seconds. Once an hour neighbours are merged, table by table, so that publishes get in
between; what was merged or replaced more than a day ago is deleted. No query gets another answer, and no query that
began less than a day ago loses a file. Versions of the lake older than 30 days expire (`WATERSHED_KEEP_SNAPSHOT_DAYS`),
but for those that a champion of `ml.models` or the recommendations cite.

**When it fails** The S3 server or the lake's PostgreSQL is away. It retries by itself, and the next hour makes up for
it. Without it questions become slower by the day and the bucket grows; nothing is wrong otherwise. *Would lose rows*:
DuckLake was about to forget what is alive. The expiry was taken back: set the days to a large number, and report it.

**Safe to rerun?** Always, at any time, and beside anything else.

**Owner** data-platform
"""

from airflow.sdk import dag

from watershed.airflow.maintenance import merge_files
from watershed.airflow.retries import describe_tasks
from watershed.airflow.runbooks import complete_runbook
from watershed.airflow.schedules import HOURLY, START


@dag(
    schedule=HOURLY,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=describe_tasks(owner="data-platform"),
    tags=["maintenance"],
    doc_md=complete_runbook(__doc__),
)
def maintain_lake() -> None:
    merge_files()


maintain_lake()
