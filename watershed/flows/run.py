"""The protocol of a run, in one process: what is taken is staged, checked table by table, and published as one.

Airflow runs the same steps as tasks (watershed/airflow/ingest.py), each of which may be tried again.
"""

from collections.abc import Callable
from typing import Any

from watershed.declarations import find_source, tables_of
from watershed.declarations.table import Layer
from watershed.flows.ingest.check import check_table
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.flows.ingest.stage import stage_source
from watershed.flows.published import Published

# Does a step, given its name and what it does, and returns what that returned: for those who print or measure steps.
Step = Callable[[str, Callable[[], Any]], Any]


def do_step(name: str, work: Callable[[], Any]) -> Any:
    return work()


def run_source(source: str, run_id: str, actor: str, step: Step = do_step, **chosen: Any) -> Published | None:
    """Take what is new of a source, or what is `chosen` as `take_arrivals` has it, and publish it. Returns
    None where there was nothing to take."""
    if not step("land", lambda: take_arrivals(source, run_id, **chosen))["objects"]:
        return None
    return publish_taken(source, run_id, actor, step)


def publish_taken(source: str, run_id: str, actor: str, step: Step = do_step) -> Published:
    """Stage, check and publish what a run has taken."""
    stage_and_check(source, run_id, step=step)
    published: Published = step("publish", lambda: publish_source(source, run_id, actor))
    return published


def stage_and_check(source: str, run_id: str, layer: Layer | None = None, step: Step = do_step) -> None:
    """What a run has taken is ready to be published, or to be compared with what is. `layer`: of a stream, another one
    than its own."""
    step("stage", lambda: stage_source(source, run_id))
    for table in tables_of(find_source(source), layer):
        step(f"check_{table.name}", lambda name=table.name: check_table(name, run_id))  # type: ignore[misc]
