"""Start everything, run the sample through every DAG and print what came of it; this is `make run`.

Exit code 0 only if every DAG is green and every number that is known beforehand is right, whatever else the lake has by
now. The servers go on running.
"""

import argparse
import time

from watershed.declarations.counting import count_nouns
from watershed.errors import RunFailed

GOES_ON = "servers, and runs that were started, go on: `watershed down` stops them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(args: argparse.Namespace) -> int:
    from watershed.cli.commands import up

    began = time.monotonic()
    is_first = up.start_all()

    from watershed.cli import run_sample
    from watershed.project import find_module
    from watershed.stack.airflow_api import open_api

    def report(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)

    if wrong := (find_module("sample.run") or run_sample).run_all(open_api(), report):
        raise RunFailed("not all is as it must be: " + "; ".join(wrong))
    print(f"All DAGs are green and all known numbers are right, after {time.monotonic() - began:.0f} s.")
    if waiting := count_waiting():
        verb = "waits" if waiting == 1 else "wait"
        print(f"{count_nouns(waiting, 'refused object')} {verb} for a decision: `watershed refused` shows why.")
    print()
    up.print_access(is_first)
    return 0


def count_waiting() -> int:
    """Objects that were refused and that nobody has decided about."""
    from watershed.flows.decisions.refused_objects import find_refused_objects

    return sum(one.left_by is None for one in find_refused_objects())
