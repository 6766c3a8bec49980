"""Section: one source from raw objects to published, checked tables, by the steps that Airflow runs, in one process.

What Airflow's workers have imported before a task starts (`[watershed] preload` in airflow.cfg) is imported before the
clock starts.
"""

import configparser
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

SETTINGS = Path(__file__).resolve().parent.parent / "airflow.cfg"


def preload_modules() -> None:
    config = configparser.ConfigParser(interpolation=None)
    config.read(SETTINGS)
    for name in config["watershed"]["preload"].split():
        if not name.startswith("watershed.airflow"):  # whose memory is not a run's
            import_module(name)


def measure_run(name: str) -> dict[str, object]:
    """Returns the seconds in all and per step, those of a processor, and the rows published per table."""
    from watershed.flows.begun import begin_run
    from watershed.flows.published import Published
    from watershed.flows.run import run_source

    steps: dict[str, float] = {}

    def measure_step(step: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        done = work()
        kind = step.partition("_")[0]  # one of `check_<table>`
        steps[kind] = steps.get(kind, 0.0) + time.perf_counter() - began
        return done

    run = begin_run(name, f"bench-{uuid4().hex[:8]}", "benchmark")
    cpu, began = time.process_time(), time.perf_counter()
    published = run_source(run, measure_step) or Published(None)
    about = {"cpu": time.process_time() - cpu} | asdict(published)
    return {"seconds": time.perf_counter() - began, **steps, **about}


if __name__ == "__main__":
    preload_modules()
    print(json.dumps(measure_run(sys.argv[1]), default=str))
