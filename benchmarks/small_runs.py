"""What does a run of little cost in a process that stays, such as a stream's consumer or a worker that takes many?"""

import json
from pathlib import Path
from typing import Any

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import FIRST_DAY, Bench, empty_lake, our_python
from benchmarks.measure import run_section
from benchmarks.watch_logs_to_table import verify_rows
from watershed.settings import load_settings
from watershed.warehouse.publish import prepare

LINES = 1000
FILES = 9  # the first is taken before the clock starts


def ask(bench: Bench) -> Answer:
    truths = generate_files(bench)
    measured = Measured(f"watershed, {LINES:,} lines", 1)
    for _ in range(bench.repeat):
        with empty_lake(bench):
            prepare(load_settings())
            result = run_section(measured, our_python("benchmarks.run_small", "watch_logs", str(find_folder(bench))))
            for run, truth in zip(result["runs"], truths[1:], strict=True):
                verify_rows(run, truth)
    goals = [Goal(f"processor seconds for {LINES:,} lines", measured.find_median("cpu"), 1)]
    steps = ", ".join(f"{step} {measured.find_median(step):.2f} s" for step in ("land", "stage", "check", "publish"))
    notes = [f"by step: {steps}; three tables, a few bad lines among them"]
    return Answer("Small runs in a warm process", "runs", [measured], goals, notes, per=1)


def find_folder(bench: Bench) -> Path:
    return bench.generated / f"small_watch_logs_{LINES}"


def generate_files(bench: Bench) -> list[dict[str, Any]]:
    """A folder a file, each of another seed, made once; the truth about each."""
    from sample.generate.films import make_films
    from sample.generate.watch_logs import write_watch_logs

    told = find_folder(bench) / "truths.json"
    if not told.exists():
        folders = [find_folder(bench) / f"{seed}" for seed in range(FILES)]
        truths = [
            write_watch_logs(folder, make_films(1), [FIRST_DAY], LINES, seed) for seed, folder in enumerate(folders)
        ]
        told.write_text(json.dumps([truth.as_json() for truth in truths]))
    found: list[dict[str, Any]] = json.loads(told.read_text())
    return found
