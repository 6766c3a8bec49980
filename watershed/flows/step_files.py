"""What the steps of a run leave to each other, as `runs/<run>/<step>.json`, with the version of its form.

A step may run in another process, on another machine, after an upgrade. So what an older Watershed has left is read,
and what a newer one has left is refused, whatever the step.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from watershed.errors import InvalidInput, NotFound
from watershed.lake.store import Store, step_key

VERSION = 1  # before it, files said no version and had the same parts


class AnyRun(Protocol):
    """A run whose steps leave files: of a source (`Run`) or of a model (`ModelRun`)."""

    @property
    def id(self) -> str:
        """Names all that the run leaves."""

    @property
    def store(self) -> Store:
        """Where it leaves it."""

    @property
    def kept(self) -> dict[str, bytes]:
        """What this process has left, by step: it need not read that again."""


def write_step(run: AnyRun, step: str, told: Mapping[str, Any]) -> None:
    body = json.dumps({"version": VERSION, **told}, default=str).encode()
    run.store.write_bytes(step_key(run.id, step), body)
    run.kept[step] = body


def read_step(run: AnyRun, step: str) -> dict[str, Any]:
    """Raises InvalidInput for what a newer Watershed has left, NotFound where the step has not run."""
    told: dict[str, Any] = json.loads(run.kept.get(step) or run.store.read_bytes(step_key(run.id, step)))
    verify_version(told, run.id)
    told.pop("version", None)
    return told


def find_step(run: AnyRun, step: str) -> dict[str, Any] | None:
    """As `read_step`, but None where the step has not run."""
    try:
        return read_step(run, step)
    except NotFound:
        return None


def verify_version(told: Mapping[str, Any], run_id: str) -> None:
    if (version := told.get("version", VERSION)) > VERSION:
        raise InvalidInput(
            f"run {run_id} was begun by a newer Watershed, which writes version {version} of what steps leave and this "
            f"one reads {VERSION}: upgrade this one, or start the run again"
        )
