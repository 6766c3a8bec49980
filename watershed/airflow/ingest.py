"""The steps of steps/ as tasks of an ingest DAG: land -> stage -> check_<table> -> publish -> report_refused.

A task here calls one function and tells Airflow what came of it: counts as XCom and in the asset event's extra, changed
days as partition keys. Steps are imported inside the tasks, so that DAG files parse without DuckDB or pyarrow.
"""

from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context, task
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from watershed.airflow.assets import raw_asset, refused_asset, table_asset, topic_asset
from watershed.airflow.schedules import WHOLE, name_run, read_days
from watershed.declarations import find_source, find_table, tables_of
from watershed.declarations.table import Stream

if TYPE_CHECKING:
    from watershed.flows.begun import Run
    from watershed.flows.published import Published, PublishedTable

# Each announced day is a run of the marts, about 2 s. Beyond a month one run (`all`) catches up with all days.
MOST_DAYS = 31
MOST_SENTENCES = 20

Counts = dict[str, Any]


def list_tables(source: str) -> list[str]:
    return [table.name for table in tables_of(find_source(source))]


def land(source: str) -> Any:
    """The task that takes the objects of a run, or the messages of a topic."""
    inlets = [topic_asset(source)] if isinstance(find_source(source), Stream) else []
    return take_arrivals.override(task_id="land", inlets=inlets, outlets=[raw_asset(source)])(source)


def stage(source: str) -> Any:
    """The task that turns them into staged Parquet files."""
    return stage_objects.override(task_id="stage", inlets=[raw_asset(source)])(source)


def check(source: str, table: str) -> Any:
    """The task that checks what is staged of one table."""
    return check_rows.override(task_id=f"check_{table}", inlets=[raw_asset(source)])(source, table)


def check_tables(source: str) -> list[Any]:
    """The tasks that check what is staged of every table of a source."""
    return [check(source, table) for table in list_tables(source)]


def publish(source: str) -> Any:
    """The task that makes the run visible, all tables of the source at once."""
    layers = {table.address for layer in (None, "core") for table in tables_of(find_source(source), layer)}
    tables = [table_asset(address) for address in sorted(layers)]
    refused = [] if isinstance(find_source(source), Stream) else [refused_asset(source)]
    return publish_tables.override(task_id="publish", inlets=[raw_asset(source)], outlets=[*tables, *refused])(source)


def report_refused(source: str, published: Any) -> Any:
    """The task that makes a run red that had to refuse objects, after the others are published."""
    return fail_if_refused.override(task_id="report_refused", inlets=[raw_asset(source)], retries=0)(published)


@task
def take_arrivals(source: str) -> Counts:
    """Take the objects of this run: those not published yet, or those of the days that it was asked to rebuild.

    Skipped, and with it the rest of the run, when there are none.
    """
    from watershed.flows.ingest.land import take_arrivals as take
    from watershed.sources.topics.topic import OffsetsLost

    context = get_current_context()
    first, last = read_days(context)
    params = context["params"]
    try:
        taken: Counts = take(
            begin(source, context), first, last, bool(params.get("retry_refused")), params.get("decision")
        )
    except OffsetsLost as error:
        raise AirflowFailException(str(error)) from error
    if not taken["objects"]:
        if params.get("decision"):
            raise AirflowSkipException(f"nothing to do: nothing is left of what decision {params['decision']} is about")
        new = "new messages" if isinstance(find_source(source), Stream) else "new objects"
        raise AirflowSkipException(f"nothing to do: no {'objects of these days' if first else new} in {source}")
    context["outlet_events"][raw_asset(source)].extra = taken
    return taken


@task
def stage_objects(source: str) -> Counts:
    """Parse the objects into typed Parquet files beside the table's. Nobody can see them yet."""
    from watershed.flows.ingest.stage import stage_source

    staged: Counts = stage_source(begin(source, get_current_context()))
    return staged


@task
def check_rows(source: str, table: str) -> Counts:
    """Evaluate the schema rules and the business rules of a table; rows that fail go to its quarantine."""
    from watershed.flows.ingest.check import check_table

    checked: Counts = check_table(begin(source, get_current_context()), find_table(table))
    return checked


@task
def publish_tables(source: str) -> Counts:
    """Replace, in one short transaction, what the objects of this run had published before.

    Skipped when another consumer has published the messages of this run.
    """
    from watershed.flows.ingest.publish import publish_source
    from watershed.flows.ingest.refuse import PublishBlocked
    from watershed.warehouse.publish import Overtaken

    context = get_current_context()
    try:
        published = publish_source(begin(source, context))
    except PublishBlocked as error:
        raise AirflowFailException(str(error)) from error
    except Overtaken as error:
        if isinstance(find_source(source), Stream) or is_decided(context):
            raise AirflowSkipException(f"nothing to do: {error}") from error
        raise
    announce_changes(published)
    announce_refused(source, published)
    return summarize(published)


def is_decided(context: Context) -> bool:
    """Whether the run carries out a decision that another run has carried out meanwhile."""
    from watershed.flows.decisions.decide import find_outcome

    decision = context["params"].get("decision")
    return decision is not None and find_outcome(decision) is not None


@task
def fail_if_refused(published: Counts) -> None:
    """Fail, with a sentence each, when objects were refused, or when a database is not what it was. All else is
    published anyway."""
    if told := published.get("returned"):
        raise AirflowFailException("\n".join([*told, *published["refused_objects"].values()]))
    if count := published["refused"]:
        sentences = "\n".join(f"{key}: {why}" for key, why in published["refused_objects"].items())
        what = "1 object was refused and is" if count == 1 else f"{count} objects were refused and are"
        raise AirflowFailException(f"{what} not published:\n{sentences}")


def announce_changes(published: "Published") -> None:
    """Announce every table that changed. The speed layer's do not: what reads them reads rows, not days."""
    changed = [t for t in published.tables.values() if (t.rows or t.days) and t.address.startswith("core.")]
    # An outlet without partition keys of its own would announce the run's: a day that did not change.
    get_current_context()["task"].outlets = [table_asset(table.address) for table in changed]
    for table in changed:
        announce(table, published.snapshot)


def announce(table: "PublishedTable", snapshot: int | None) -> None:
    """Tell who listens to a table which of its days changed, each a partition key; `all` stands for the table."""
    days = sorted(filter(None, table.days))
    event = get_current_context()["outlet_events"][table_asset(table.address)]
    event.extra = {
        "rows": table.rows,
        "quarantined": table.quarantined,
        "snapshot": snapshot,
        "changed_days": len(days),
        "day_by_day": len(days) <= MOST_DAYS,
    }
    event.add_partitions([WHOLE, *(days if len(days) <= MOST_DAYS else [])])


def announce_refused(source: str, published: "Published") -> None:
    """Tell `decide_refusals` that there is something to decide about; the partition key is the source."""
    if not published.refused:
        return
    context, asset = get_current_context(), refused_asset(source)
    context["task"].outlets.append(asset)
    event = context["outlet_events"][asset]
    event.extra = {"source": source, "run_id": name_run(context), "objects": len(published.refused)}
    event.add_partitions([source])


def begin(source: str, context: Context, run_id: str | None = None) -> "Run":
    """The run of the DAG run that a task is of, or a part of it that has an id of its own."""
    from watershed.flows.begun import begin_run

    return begin_run(source, run_id or name_run(context), name_actor(context))


def name_actor(context: Context) -> str:
    return getattr(context["dag_run"], "triggering_user_name", None) or "airflow"


def summarize(published: "Published") -> Counts:
    """What of a publish is small enough for an XCom: counts, and the first sentences of why objects were refused."""
    return {
        "snapshot": published.snapshot,
        "tables": {
            name: {"rows": table.rows, "quarantined": table.quarantined, "days": len(table.days)}
            for name, table in published.tables.items()
        },
        "refused": len(published.refused),
        "refused_objects": dict(list(published.refused.items())[:MOST_SENTENCES]),
        "returned": published.returned,
    }
