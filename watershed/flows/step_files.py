"""What the steps of a run leave to each other, as `runs/<run>/<step>.json`, with the version of its form.

A step may run in another process, on another machine, after an upgrade. So what an older Watershed has left is read,
and what a newer one has left is refused, whatever the step.
"""

from collections.abc import Mapping
from typing import Any

from watershed.errors import InvalidInput
from watershed.flows.begun import Run
from watershed.lake.store import step_key

VERSION = 1  # before it, files said no version and had the same parts


def write_step(run: Run, step: str, told: Mapping[str, Any]) -> None:
    run.store.write_json(step_key(run.id, step), {"version": VERSION, **told})


def read_step(run: Run, step: str) -> dict[str, Any]:
    """Raises InvalidInput for what a newer Watershed has left, NotFound where the step has not run."""
    told: dict[str, Any] = run.store.read_json(step_key(run.id, step))
    verify_version(told, run.id)
    return told


def verify_version(told: Mapping[str, Any], run_id: str) -> None:
    if (version := told.get("version", VERSION)) > VERSION:
        raise InvalidInput(
            f"run {run_id} was begun by a newer Watershed, which writes version {version} of what steps leave and this "
            f"one reads {VERSION}: upgrade this one, or start the run again"
        )
