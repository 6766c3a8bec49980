"""The marts as tasks of `build_marts`: one visible task each, of which a run starts only those that its events concern.

Starting a task costs about half a second, so that nine marts times two hundred changed days would take minutes to find
out that most marts have nothing to do. `choose_marts` looks at the events that triggered the run, and Airflow marks the
other tasks as skipped without starting them. Whether a chosen mart is rebuilt is decided by the ledger all the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk import FixedKeyMapper, PartitionedAssetTimetable, get_current_context, task
from airflow.sdk.definitions.asset import AssetAny
from airflow.sdk.exceptions import AirflowSkipException

from plugins.assets import list_mart_sources, mart_asset, table_asset
from plugins.schedules import WHOLE, name_run, read_key
from warehouse.marts import Mart, list_marts


def listen_to_tables() -> PartitionedAssetTimetable:
    """A run for each changed day of a table that a daily mart reads, and one (`all`) for the marts without days."""
    sources = list_mart_sources()
    daily = {address for mart in list_marts() if mart.partition for address in mart.inputs}
    whole = {asset: FixedKeyMapper(WHOLE) for address, asset in sources.items() if address not in daily}
    return PartitionedAssetTimetable(assets=AssetAny(*sources.values()), partition_mapper_config=whole)


def chain_marts() -> None:
    """All tasks of the DAG: a mart waits for the marts that it reads."""
    chosen = choose_marts()
    tasks: dict[str, Any] = {}
    for mart in list_marts():
        inputs = [table_asset(address) for address in mart.inputs]
        # Tries of one mart that has no days would do the same work side by side.
        limit = None if mart.partition else 1
        tasks[mart.address] = build_mart.override(
            task_id=mart.name, inlets=inputs, outlets=[mart_asset(mart)], max_active_tis_per_dag=limit
        )(mart.name, bool(mart.partition))
        chosen >> tasks[mart.address]
        for address in mart.inputs:
            if address in tasks:
                tasks[address] >> tasks[mart.address]


@task.branch
def choose_marts() -> list[str]:
    """Which marts read what changed. A run that a person started concerns them all."""
    context = get_current_context()
    events = {asset.name: list(found) for asset, found in context["triggering_asset_events"].items()}
    if not events:
        return [mart.name for mart in list_marts()]
    day_by_day = {name: all(event.extra.get("day_by_day", True) for event in found) for name, found in events.items()}
    return [mart.name for mart in select_marts(list_marts(), day_by_day, is_day=read_key(context) is not None)]


def select_marts(marts: Iterable[Mart], changed: Mapping[str, bool], is_day: bool) -> list[Mart]:
    """The marts that a run concerns, with the marts that they read. `changed`: address -> announced day by day?

    A run of a day concerns daily marts. A run of `all` concerns those without days, and also the daily ones that read a
    table of which too many days changed to announce each.
    """
    by_address = {mart.address: mart for mart in marts}
    wanted = set()
    for mart in by_address.values():
        read = {address for address in trace_inputs(mart, by_address) if address in changed}
        if read and (bool(mart.partition) == is_day or not all(changed[address] for address in read)):
            wanted |= {mart.address, *(address for address in trace_inputs(mart, by_address) if address in by_address)}
    return [mart for mart in by_address.values() if mart.address in wanted]


def trace_inputs(mart: Mart, marts: Mapping[str, Mart]) -> set[str]:
    """Everything that a mart reads, directly or through another mart."""
    through = (trace_inputs(marts[address], marts) for address in mart.inputs if address in marts)
    return set(mart.inputs).union(*through)


@task(trigger_rule="none_failed")
def build_mart(mart: str, has_days: bool) -> dict[str, Any]:
    """Rebuild the mart for the run's day if its inputs changed since it was built, else be skipped."""
    from steps.marts import build_mart as build

    context = get_current_context()
    day = read_key(context) if has_days else None
    built = build(mart, name_run(context), day, bool(context["params"].get("force")))
    if built is None:
        raise AirflowSkipException(f"{mart} is up to date: no input changed")
    (asset,) = context["task"].outlets
    context["outlet_events"][asset].extra = built
    return built
