"""Section: one source from raw objects to published, checked tables, by the steps that Airflow runs, in one process.

What Airflow's workers have imported before a task starts (`[watershed] preload` in airflow.cfg) is imported before the
clock starts.
"""

import configparser
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from uuid import uuid4

SETTINGS = Path(__file__).resolve().parent.parent / "airflow.cfg"


def preload_modules() -> None:
    config = configparser.ConfigParser(interpolation=None)
    config.read(SETTINGS)
    for name in config["watershed"]["preload"].split():
        import_module(name)


def run_source(name: str) -> dict[str, object]:
    """Returns the seconds in all and per step, those of a processor, and the rows published per table."""
    from watershed.declarations import find_source, tables_of
    from watershed.flows.ingest.check import check_table
    from watershed.flows.ingest.land import take_arrivals
    from watershed.flows.ingest.publish import publish_source
    from watershed.flows.ingest.stage import stage_source

    run_id = f"bench-{uuid4().hex[:8]}"
    cpu = time.process_time()
    marks = [time.perf_counter()]
    take_arrivals(name, run_id)
    marks.append(time.perf_counter())
    stage_source(name, run_id)
    marks.append(time.perf_counter())
    for table in tables_of(find_source(name)):
        check_table(table.name, run_id)
    marks.append(time.perf_counter())
    published = publish_source(name, run_id, "benchmark")
    marks.append(time.perf_counter())
    steps = {s: b - a for s, a, b in zip(("land", "stage", "check", "publish"), marks[:-1], marks[1:], strict=True)}
    about = {"cpu": time.process_time() - cpu, "tables": published["tables"], "refused": published["refused"]}
    return {"seconds": marks[-1] - marks[0], **steps, **about}


if __name__ == "__main__":
    preload_modules()
    print(json.dumps(run_source(sys.argv[1]), default=str))
