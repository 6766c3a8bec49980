"""How long a run may take before somebody is told: Airflow's deadline alerts, written as alerts like any other."""

import asyncio
from datetime import timedelta
from typing import Any

from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

LIMIT = timedelta(hours=2)
RULE = "deadline_missed"


def finish_within(limit: timedelta = LIMIT) -> DeadlineAlert:
    """For `deadline=` of a DAG: a run that is not over so long after it was queued is an alert. Not after its logical
    date, which runs that data starts do not have."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=limit,
        callback=AsyncCallback(tell_deadline, kwargs={"minutes": round(limit.total_seconds() / 60)}),
    )


async def tell_deadline(minutes: float, context: dict[str, Any]) -> None:
    """Runs in the triggerer. Airflow asks it for runs that failed in time too, of which others tell; and the runs of a
    backfill wait for each other by intent."""
    run = context["dag_run"]
    if run.get("end_date") or run.get("run_type") == "backfill":
        return
    sentence = (
        f"the run {run['dag_run_id']} of {run['dag_id']} is still {run.get('state')} {minutes:.0f} minutes after it "
        "was queued: look what it waits for"
    )
    await asyncio.to_thread(write_alert, run["dag_id"], sentence)


def write_alert(dag: str, sentence: str) -> None:
    from watershed.warehouse.alerts import raise_alert

    raise_alert(RULE, dag, sentence)
