"""The comparison of streams with their raw messages as tasks: take -> stage -> check_<table> -> settle.

Of every stream `sample_<stream>` compares a few days of `core`; of a stream with a speed layer `promote_<stream>` takes
the speed rows of past days, whose recomputation replaces them. Each is a run of the usual steps with an id of its own.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import TaskGroup, get_current_context, task
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from watershed.airflow.assets import raw_asset, table_asset
from watershed.airflow.ingest import MOST_SENTENCES, Counts, announce_changes, begin, summarize
from watershed.airflow.schedules import name_run
from watershed.declarations import find_table, load_streams, tables_of
from watershed.declarations.table import Stream

if TYPE_CHECKING:
    from watershed.flows.begun import Run

What = Literal["promote", "sample"]

log = logging.getLogger(__name__)


def chain_parity() -> None:
    """All tasks of the DAG: the chains of all streams, and what makes the run red when a sample differs."""
    streams = load_streams().values()
    for stream in streams:
        if stream.layer == "speed":
            chain_steps("promote", stream)
    samples = [chain_steps("sample", stream) for stream in streams]
    raw = [raw_asset(stream.name) for stream in streams]
    report_differences.override(inlets=raw, retries=0)(samples)


def chain_steps(what: What, stream: Stream) -> Any:
    """The tasks of one comparison; returns the last one's result."""
    core, raw = tables_of(stream, "core"), raw_asset(stream.name)
    tables = [table_asset(table.address) for table in core]
    replaced = [table_asset(table.address) for table in tables_of(stream)]
    with TaskGroup(f"{what}_{stream.name}"):
        taken = take.override(inlets=[raw, *replaced])(what, stream.name)
        done = stage.override(inlets=[raw])(what, stream.name)
        checks = [
            check.override(task_id=f"check_{table.name}", inlets=[raw])(what, stream.name, table.name)
            for table in core
        ]
        settled = settle.override(inlets=[raw], outlets=tables)(what, stream.name)
        taken >> done >> checks >> settled
    return settled


@task
def take(what: What, stream: str) -> Counts:
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
def stage(what: What, stream: str) -> Counts:
    """Compute the objects' rows again, as their first run did."""
    from watershed.flows.ingest.stage import stage_source

    return stage_source(begin_part(get_current_context(), what, stream))


@task
def check(what: What, stream: str, table: str) -> Counts:
    """Evaluate the rules of a table anew."""
    from watershed.flows.ingest.check import check_table

    return check_table(begin_part(get_current_context(), what, stream), find_table(table))


@task
def settle(what: What, stream: str) -> Counts:
    """Compare with what is published; replace it where it is in the speed layer or differs. Either is recorded in
    `ledger.parity`, and a difference is a sentence in this log.
    """
    from watershed.flows.streams.parity import list_differences
    from watershed.flows.streams.parity import settle as settle_run

    run = begin_part(get_current_context(), what, stream)
    settled = settle_run(run)
    differences = list_differences(run.id)
    for sentence in differences:
        log.warning("%s", sentence)
    announce_changes(settled)
    return summarize(settled) | {"days": settled.days, "differences": differences[:MOST_SENTENCES]}


@task(trigger_rule="none_failed_min_one_success")
def report_differences(samples: Iterable[Counts | None]) -> None:
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
