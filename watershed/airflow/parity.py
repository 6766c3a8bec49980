"""The comparison of streams with their raw messages as tasks: take -> stage -> check_<table> -> settle.

Of every stream `sample_<stream>` compares a few days of `core`; of a stream with a speed layer `promote_<stream>` takes
the speed rows of past days, whose recomputation replaces them. Each is a run of the usual steps with an id of its own.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import get_current_context, task
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from watershed.airflow.assets import raw_asset, table_asset
from watershed.airflow.ingest import MOST_SENTENCES, Counts, announce_changes, begin, summarize
from watershed.airflow.schedules import name_run
from watershed.declarations import find_source, find_table, load_streams, tables_of

if TYPE_CHECKING:
    from watershed.flows.begun import Run

What = Literal["promote", "sample"]

log = logging.getLogger(__name__)


def list_comparisons() -> list[tuple[What, str]]:
    """What is done with which stream."""
    streams = load_streams().values()
    promoted: list[tuple[What, str]] = [("promote", stream.name) for stream in streams if stream.layer == "speed"]
    return [*promoted, *(("sample", stream.name) for stream in streams)]


def take(what: What, stream: str) -> Any:
    """The task that chooses the raw objects to compute again."""
    replaced = [table_asset(table.address) for table in tables_of(find_source(stream))]
    return take_objects.override(task_id="take", inlets=[raw_asset(stream), *replaced])(what, stream)


def stage(what: What, stream: str) -> Any:
    """The task that computes their rows again."""
    return stage_objects.override(task_id="stage", inlets=[raw_asset(stream)])(what, stream)


def check_tables(what: What, stream: str) -> list[Any]:
    """The tasks that check what is staged of every table."""
    return [
        check_rows.override(task_id=f"check_{table.name}", inlets=[raw_asset(stream)])(what, stream, table.name)
        for table in tables_of(find_source(stream), "core")
    ]


def settle(what: What, stream: str) -> Any:
    """The task that compares, and replaces what differs."""
    tables = [table_asset(table.address) for table in tables_of(find_source(stream), "core")]
    return settle_run.override(task_id="settle", inlets=[raw_asset(stream)], outlets=tables)(what, stream)


def report_differences(samples: list[Any]) -> Any:
    """The task that makes a run red when a sample differs."""
    raw = [raw_asset(stream) for stream in load_streams()]
    return fail_if_different.override(task_id="report_differences", inlets=raw, retries=0)(samples)


@task
def take_objects(what: What, stream: str) -> Counts:
    """Choose the raw objects to compute again. Skipped, and with it this comparison, when there are none."""
    from watershed.flows.streams.parity import take_sample, take_speed

    context = get_current_context()
    run = begin_part(context, what, stream)
    if what == "promote":
        taken = take_speed(run, read_moment(context))
    else:
        taken = take_sample(run, context["params"]["sample_days"])
    if not taken["objects"]:
        layer = "speed layer" if what == "promote" else "chosen days of core"
        raise AirflowSkipException(f"nothing to do: no objects of {stream} in the {layer}")
    return taken


@task
def stage_objects(what: What, stream: str) -> Counts:
    """Compute the objects' rows again, as their first run did."""
    from watershed.flows.ingest.stage import stage_source

    return stage_source(begin_part(get_current_context(), what, stream))


@task
def check_rows(what: What, stream: str, table: str) -> Counts:
    """Evaluate the rules of a table anew."""
    from watershed.flows.ingest.check import check_table

    return check_table(begin_part(get_current_context(), what, stream), find_table(table))


@task
def settle_run(what: What, stream: str) -> Counts:
    """Compare with what is published; replace it where it is in the speed layer or differs. Either is recorded in
    `ledger.parity`, and a difference is a sentence in this log.
    """
    from watershed.flows.streams.parity import list_differences
    from watershed.flows.streams.parity import settle as settle_objects

    run = begin_part(get_current_context(), what, stream)
    settled = settle_objects(run)
    differences = list_differences(run.id)
    for sentence in differences:
        log.warning("%s", sentence)
    announce_changes(settled)
    return summarize(settled) | {"days": settled.days, "differences": differences[:MOST_SENTENCES]}


@task(trigger_rule="none_failed_min_one_success")
def fail_if_different(samples: Iterable[Counts | None]) -> None:
    """Fail, with a sentence each, when days of `core` were not what their messages say. By now they are."""
    if sentences := [sentence for settled in samples if settled for sentence in settled["differences"]]:
        listed = "\n".join(sentences)
        raise AirflowFailException(f"core differed from its recomputation, which has replaced it:\n{listed}")


def begin_part(context: Context, what: What, stream: str) -> "Run":
    """The run that compares, or promotes, one stream."""
    return begin(stream, context, f"{name_run(context)}.{what}_{stream}")


def read_moment(context: Context) -> datetime:
    """Objects that arrived before it are promoted: what the run was asked, else the day's start in UTC, both naive."""
    asked = context["params"].get("before")
    moment = datetime.fromisoformat(asked) if asked else context["dag_run"].run_after
    moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return moment if asked else moment.replace(hour=0, minute=0, second=0, microsecond=0)
