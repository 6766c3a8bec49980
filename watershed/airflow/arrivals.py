"""How arrivals start runs: one look a minute at what lies in `raw/` and is neither published nor refused."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import get_current_context, task

from watershed.airflow.assets import raw_asset
from watershed.declarations import load_sources

ACTIVE = ["queued", "running"]


def list_watched() -> list[str]:
    """The sources that objects are handed over for. A database is read once a day: nothing arrives from it. Topics are
    watched by the triggerer; what lies of them in `raw/` and is not published is of failed runs, and is read again.
    """
    return sorted(source.name for source in load_sources().values() if source.kind in ("logs", "documents"))


def find_arrivals() -> Any:
    """The task that looks at all sources."""
    return choose_sources.override(task_id="find_arrivals", inlets=[raw_asset(source) for source in list_watched()])()


def trigger_ingest(source: str) -> TriggerDagRunOperator:
    """The task that starts the ingest of a source, skipped when the source has nothing new."""
    return TriggerDagRunOperator(
        task_id=f"ingest_{source}",
        trigger_dag_id=f"ingest_{source}",
        # A run that exists is not started again: one that fails, fails once an hour and not every minute.
        trigger_run_id=f"{{{{ ti.xcom_pull('find_arrivals', key='{source}') }}}}",
        skip_when_already_exists=True,
        logical_date=None,
    )


@task.branch
def choose_sources() -> list[str]:
    """The sources that have new objects and no active run."""
    from watershed.flows.ingest.land import find_arrivals as find

    ti = get_current_context()["ti"]
    chosen = []
    for source in list_watched():
        is_busy = ti.get_dr_count(dag_id=f"ingest_{source}", states=ACTIVE)
        if not is_busy and (keys := find(source)):
            ti.xcom_push(source, name_offer(keys, datetime.now(UTC)))
            chosen.append(f"ingest_{source}")
    return chosen


def name_offer(keys: list[str], now: datetime) -> str:
    """The run id that these objects get within the hour."""
    digest = hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()
    return f"arrivals__{now:%Y-%m-%dT%H}__{len(keys)}_objects_{digest[:12]}"
