"""When runs happen, what a person may ask of one, and what a run was asked.

A run's *partition key* is a day (`2015-05-17`) or `all`. It means three things:
- a scheduled ingest run carries the day before it started and ignores it: it takes whatever has arrived since;
- a backfill run, or a manual one with a key, rebuilds that day from its raw objects;
- a run of `build_marts` brings the marts of that day up to date, with `all` those that have no days.
"""

from datetime import date, datetime
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronPartitionTimetable, CronTriggerTimetable, Param
from airflow.sdk.definitions.context import Context

from watershed.errors import InvalidInput

# Backfill offers the days from here on. Nothing is caught up by itself.
START = datetime(2010, 1, 1)
WHOLE = "all"

# Midnight: a backfill compares its bounds with the hour too, and would leave out its last day at any other.
DAILY = CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d")


# After the ingest runs of midnight.
NIGHTLY = CronTriggerTimetable("15 0 * * *", timezone="UTC")
HOURLY = CronTriggerTimetable("40 * * * *", timezone="UTC")


def watch(topic: Asset) -> AssetOrTimeSchedule:
    """When messages arrive; and every hour, for those whose run failed or whose arrival nobody noticed."""
    return AssetOrTimeSchedule(timetable=CronTriggerTimetable("10 * * * *", timezone="UTC"), assets=[topic])


def ask_ingest() -> dict[str, Param]:
    """What the trigger form of an ingest DAG asks."""
    return {
        "from_date": Param(None, type=["null", "string"], format="date", title="Rebuild from", description=FROM),
        "to_date": Param(None, type=["null", "string"], format="date", title="Rebuild to", description=TO),
        "retry_refused": Param(False, type="boolean", title="Retry refused objects", description=REFUSED),
        "decision": Param(None, type=["null", "string"], title="Carry out decision", description=DECISION),
    }


def ask_marts() -> dict[str, Param]:
    return {"force": Param(False, type="boolean", title="Rebuild anyway", description=FORCE)}


def ask_stream() -> dict[str, Param]:
    """What the trigger form of a stream's ingest DAG asks. No messages are ever refused."""
    return {name: param for name, param in ask_ingest().items() if name != "retry_refused"}


def ask_decision() -> dict[str, Param]:
    return {"decision_id": Param("", type="string", minLength=1, title="Decision", description=DECISION_ID)}


def ask_parity() -> dict[str, Param]:
    return {
        "before": Param(None, type=["null", "string"], format="date-time", title="Promote before", description=BEFORE),
        "sample_days": Param(2, type="integer", minimum=0, title="Days to compare", description=SAMPLE),
    }


def ask_training() -> dict[str, Param]:
    return {"accept_growth": Param(False, type="boolean", title="Accept growth", description=GROWTH)}


FROM = "First day to rebuild from raw. Empty: take the objects that are not published yet."
TO = "Last day to rebuild, inclusive. Empty: only the first day."
REFUSED = "Take the objects that earlier runs refused, after the cause was repaired, instead of new ones."
DECISION = (
    "The id of a decision to replay or accept: the run takes just what that is about. `carry_out_decisions` asks so."
)
DECISION_ID = "The id of a recorded decision, as the quarantine page of the cockpit lists it."
FORCE = "Rebuild the marts of this partition key even where no input changed."
BEFORE = "Speed rows of messages that reached the lake before it move to core. Empty: before today (UTC)."
GROWTH = "Train on more than ten times the interactions of the champion: a person has found out why they are so many."
SAMPLE = "How many days of each stream's core tables are computed again, others every night."


def name_run(context: Context) -> str:
    """The id that the steps of a run share, the same on every try, and safe as a part of an object key."""
    from watershed.warehouse.ledger.history import name_run

    return name_run(context["dag_run"].dag_id, context["dag_run"].run_id)


def read_days(context: Context) -> tuple[date | None, date | None]:
    """The days that an ingest run was asked to rebuild, (None, None) for one that takes what is new.

    Raises InvalidInput when the days are in the wrong order.
    """
    key = read_key(context)
    if key is not None and context["dag_run"].run_type != "scheduled":
        return key, key
    first, last = read_date(context["params"], "from_date"), read_date(context["params"], "to_date")
    first, last = first or last, last or first
    if first and last and first > last:
        raise InvalidInput(f"from_date {first} is after to_date {last}: swap them")
    return first, last


def read_key(context: Context) -> date | None:
    """The day of a run's partition key; None when it has no key, or `all`. Raises InvalidInput for anything else."""
    key = context.get("partition_key")
    if key in (None, WHOLE):
        return None
    try:
        return date.fromisoformat(str(key))
    except ValueError:
        raise InvalidInput(f"the partition key {key!r} is neither a day such as 2015-05-17 nor {WHOLE!r}") from None


def read_date(params: Any, name: str) -> date | None:
    return date.fromisoformat(params[name]) if params.get(name) else None
