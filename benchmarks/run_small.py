"""Section: one small file after another from raw objects to published tables, in one process that has imported all."""

import json
import sys
from pathlib import Path
from statistics import median

from benchmarks.run_source import measure_run, preload_modules

STEPS = ("seconds", "cpu", "land", "stage", "check", "publish")


def measure_runs(name: str, folder: Path) -> dict[str, object]:
    """Medians of all runs but the first, and the tables of each."""
    from watershed.flows.ingest.land import land_file

    runs = []
    for path in sorted(folder.glob("*/*.log")):
        land_file(name, path)
        runs.append(measure_run(name))
    return {step: median(run[step] for run in runs[1:]) for step in STEPS} | {"runs": runs[1:]}


if __name__ == "__main__":
    preload_modules()
    print(json.dumps(measure_runs(sys.argv[1], Path(sys.argv[2])), default=str))
