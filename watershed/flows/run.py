"""The protocol of a run, in one process: what is taken is staged, checked table by table, and published as one.

Airflow runs the same steps as tasks (watershed/airflow/ingest.py), each of which may be tried again.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from watershed.flows.begun import Run
from watershed.flows.ingest.check import check_table
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.flows.ingest.stage import stage_source
from watershed.flows.landed import read_landed
from watershed.flows.published import Published

# Does a step, given its name and what it does, and returns what that returned: for those who print or measure steps.
Step = Callable[[str, Callable[[], Any]], Any]


def do_step(name: str, work: Callable[[], Any]) -> Any:
    return work()


def run_source(run: Run, step: Step = do_step, **chosen: Any) -> Published | None:
    """Take what is new of a source, or what is `chosen` as `take_arrivals` has it, and publish it. Returns
    None where there was nothing to take."""
    if not step("land", lambda: take_arrivals(run, **chosen))["objects"]:
        return None
    return publish_taken(run, step)


def publish_taken(run: Run, step: Step = do_step) -> Published:
    """Stage, check and publish what a run has taken."""
    stage_and_check(run, step)
    published: Published = step("publish", lambda: publish_source(run))
    return published


def stage_and_check(run: Run, step: Step = do_step) -> None:
    """What a run has taken is ready to be published, or to be compared with what is."""
    step("stage", lambda: stage_source(run))
    for table in read_landed(run).tables:
        step(f"check_{table.name}", partial(check_table, run, table))
