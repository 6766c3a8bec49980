"""A DAG's steps in this process: no scheduler, no import of Airflow. For tests and debugging."""

import getpass
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from contracts import find_source, tables_of
from stack.counts import print_step


def run_here(dag_id: str, first: date | None = None, last: date | None = None, refused: bool = False) -> None:
    """Run the steps of `ingest_<source>` or `build_marts`, printing the counts of each.

    Raises LookupError for another DAG, ValueError when objects were refused (the others are published).
    """
    run_id = spell_run_id(dag_id)
    kind, _, source = dag_id.partition("_")
    if dag_id == "build_marts":
        build_marts(run_id, first, last)
    elif kind == "ingest":
        ingest(find_source(source).name, run_id, first, last, refused)
    else:
        raise LookupError(f"{dag_id!r} cannot run in process: ingest_<source> and build_marts can")


def spell_run_id(what: str) -> str:
    return f"{what}.in-process.{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"


def ingest(source: str, run_id: str, first: date | None, last: date | None, refused: bool) -> None:
    from steps.land import take_arrivals

    taken = show("land", lambda: take_arrivals(source, run_id, first, last, refused))
    if taken["objects"]:
        publish_steps(source, run_id)


def publish_steps(source: str, run_id: str) -> None:
    """Stage, check and publish what a run has taken. Raises ValueError when objects were refused."""
    from steps.check import check_table
    from steps.publish import publish_source
    from steps.stage import stage_source

    show("stage", lambda: stage_source(source, run_id))
    for table in tables_of(find_source(source)):
        show(f"check_{table.name}", lambda table=table: check_table(table.name, run_id))  # type: ignore[misc]
    published = show("publish", lambda: publish_source(source, run_id, getpass.getuser()))
    if published["refused"]:
        sentences = list(published["refused"].values())
        raise ValueError(f"refused {len(sentences)} object{'s'[: len(sentences) > 1]}: " + "; ".join(sentences))


def build_marts(run_id: str, first: date | None, last: date | None) -> None:
    from steps.marts import build_stale_marts

    def build() -> dict[str, dict[str, list[str]]]:
        return {mart: {"partitions": built} for mart, built in build_stale_marts(run_id, first, last).items()}

    show("build_marts", build)


def show(step: str, work: Callable[[], Any]) -> Any:
    began = datetime.now(UTC)
    done = work()
    print_step(step, "success", (datetime.now(UTC) - began).total_seconds(), done)
    return done
