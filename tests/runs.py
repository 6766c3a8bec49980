"""Runs that tests begin."""

from watershed.flows.begun import Run, begin_run


def begin(source: str, run_id: str) -> Run:
    return begin_run(source, run_id, "test")
