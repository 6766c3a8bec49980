"""The marts as tasks of `build_marts`: one visible task each, of which a run starts only those that its events concern.

Starting a task costs about half a second, so that nine marts times two hundred changed days would take minutes to find
out that most marts have nothing to do. `choose_marts` looks at the events that triggered the run, and Airflow marks the
other tasks as skipped without starting them. Whether a chosen mart is rebuilt is decided by the ledger all the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Literal

from airflow.sdk import FixedKeyMapper, PartitionedAssetTimetable, PartitionMapper, get_current_context, task
from airflow.sdk.definitions.asset import AssetAny, BaseAsset
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from watershed.airflow.assets import list_mart_sources, mart_asset, table_asset
from watershed.airflow.schedules import WHOLE, name_run, read_key
from watershed.warehouse.schema.marts import Mart, list_marts

Kind = Literal["day", "whole", "everything"]


def listen_to_tables() -> PartitionedAssetTimetable:
    """A run for each changed day of a table that a daily mart reads, and one (`all`) for the marts without days."""
    sources = list_mart_sources()
    daily = {address for mart in list_marts() if mart.day for address in mart.inputs}
    whole: dict[BaseAsset, PartitionMapper] = {
        asset: FixedKeyMapper(WHOLE) for address, asset in sources.items() if address not in daily
    }
    return PartitionedAssetTimetable(assets=AssetAny(*sources.values()), partition_mapper_config=whole)


def choose_marts() -> Any:
    """The task that leaves out the marts which a run does not concern."""
    return skip_others.override(task_id="choose_marts", inlets=list(list_mart_sources().values()))()


def build_mart(mart: Mart) -> Any:
    """The task that brings a mart up to date."""
    stands_alone = mart.day is not None and not mart.is_cumulative
    return rebuild_mart.override(
        task_id=mart.name,
        inlets=[table_asset(address) for address in list_reads(mart)],
        outlets=[mart_asset(mart)],
        # Runs of several days would rebuild a mart without days side by side; one after the other, the first does.
        # A cumulative mart's days build on each other.
        max_active_tis_per_dag=None if stands_alone else 1,
    )(mart.name, stands_alone=stands_alone)


def list_reads(mart: Mart) -> list[str]:
    """The addresses of what it reads: tables, and marts that are to be built before it."""
    return [*mart.inputs, *mart.lookups]


@task
def skip_others() -> None:
    """Skip the marts that the run does not concern: they read nothing of what changed.

    Not a `@task.branch`: that would run a mart for the only reason that one which it reads is chosen. A mart that is
    skipped here can be cleared, and then runs.
    """
    context = get_current_context()
    changed = {
        asset.name: all(event.extra.get("day_by_day", True) for event in events)
        for asset, events in context["triggering_asset_events"].items()
    }
    chosen = {mart.name for mart in select_marts(list_marts(), changed, read_kind(context))}
    if others := sorted(context["task"].downstream_task_ids - chosen):
        raise DownstreamTasksSkipped(tasks=others)


def select_marts(marts: Iterable[Mart], changed: Mapping[str, bool], kind: Kind) -> list[Mart]:
    """The marts that a run concerns, with those that they read. `changed`: address -> was every changed day announced?

    The run of a day concerns daily marts. The run of `all` concerns those without days, and the daily ones that read a
    table of which too many days changed to announce each. A run that nothing triggered concerns all marts of its kind.
    """
    by_address = {mart.address: mart for mart in marts}
    wanted = set()
    for mart in by_address.values():
        read = trace_inputs(mart, by_address) & set(changed)
        is_kind = kind == "everything" or (kind == "day") == (mart.day is not None)
        if (is_kind and (read or not changed)) or not all(changed[address] for address in read):
            wanted |= {mart.address} | trace_reads(mart, by_address)
    return [mart for mart in by_address.values() if mart.address in wanted]


def trace_inputs(mart: Mart, marts: Mapping[str, Mart]) -> set[str]:
    """Every table whose changes make the mart stale, directly or through another mart."""
    through = (trace_inputs(marts[address], marts) for address in mart.inputs if address in marts)
    return set(mart.inputs).union(*through)


def trace_reads(mart: Mart, marts: Mapping[str, Mart]) -> set[str]:
    """Every mart that must be up to date before this one is built."""
    read = {address for address in list_reads(mart) if address in marts}
    return read.union(*(trace_reads(marts[address], marts) for address in read))


@task(trigger_rule="none_failed")
def rebuild_mart(mart: str, stands_alone: bool) -> dict[str, Any]:
    """Rebuild the mart where its inputs changed since it was built: the run's day, if days of this mart stand alone,
    else wherever that is. Skipped when it is up to date.
    """
    from watershed.flows.marts import build_mart as build
    from watershed.flows.marts import build_stale_mart

    context = get_current_context()
    day, run_id, force = read_key(context), name_run(context), bool(context["params"].get("force"))
    is_one_day = day is not None and stands_alone
    built = build(mart, run_id, day, force) if is_one_day else build_stale_mart(mart, run_id, force and day is None)
    if built is None:
        raise AirflowSkipException(f"{mart} is up to date: no input changed")
    (asset,) = context["task"].outlets
    context["outlet_events"][asset].extra = asdict(built)
    return asdict(built)


def read_kind(context: Context) -> Kind:
    """What a run is for: one day, what has no days, or (a person's run without a key) everything."""
    if context.get("partition_key") is None:
        return "everything"
    return "whole" if read_key(context) is None else "day"
