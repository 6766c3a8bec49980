"""Which pages of a day are most asked for: awk over the log each time, or one load and then a question to the mart?"""

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import SEED, Bench, empty_lake, land_files, our_python
from benchmarks.measure import run_section
from watershed.settings import load_settings

DAY = date(2024, 3, 4)
LOG = f"access-common-{DAY}.log"
AWK = r"""LC_ALL=C awk '{ sub(/\?.*/, "", $7); print $7 }' "$1" | LC_ALL=C sort | uniq -c | sort -rn | head -3"""


def ask(bench: Bench) -> Answer:
    from watershed.warehouse.publish import prepare

    lines = bench.lines // 5
    folder = generate_log(bench, lines)
    asking, awk = Measured("watershed, asking the mart", lines), Measured("awk, sort, uniq, sort", lines)
    loading = Measured("watershed, loading it once", lines)
    with empty_lake(bench):
        prepare(load_settings())
        land_files("access_logs", folder, LOG)
        run_section(loading, our_python("benchmarks.top_pages", "load"))
        for _ in range(bench.repeat):
            told = run_section(awk, our_python("benchmarks.top_pages", "awk", str(folder / LOG)))["top"]
            found = run_section(asking, our_python("benchmarks.top_pages", "mart"))["top"]
            if [page for page, _ in told] != [page for page, _ in found]:
                raise ValueError(f"the mart says {found}, awk says {told}")
    goals = [Goal("times faster than awk, once loaded", awk.median / asking.median, 1, at_least=True)]
    notes = ["loading: land, stage, check and publish, then the marts top_pages and traffic_hourly"]
    return Answer("Top pages of a day", "lines", [asking, awk, loading], goals, notes)


def generate_log(bench: Bench, lines: int) -> Path:
    from sample.generate.access_logs import write_access_logs

    folder = bench.generated / f"access_logs_{lines}"
    if not (folder / LOG).exists():
        print(f"  generating {lines:,} access-log lines", flush=True)
        write_access_logs(folder, [DAY], lines * 3, SEED)  # in three forms, of which one is used
    return folder


def load_log() -> dict[str, object]:
    from benchmarks.run_source import measure_run, preload_modules
    from watershed.flows.marts import build_mart

    preload_modules()
    loaded = measure_run("access_logs")
    began = time.perf_counter()
    for mart in ("top_pages", "traffic_hourly"):
        build_mart(mart, "bench", DAY)
    marts = time.perf_counter() - began
    return {**loaded, "seconds": float(str(loaded["seconds"])) + marts, "marts": marts}


def ask_mart() -> dict[str, object]:
    from watershed.warehouse.connection import connect

    began = time.perf_counter()
    query = "SELECT path, request_count FROM mart.top_pages WHERE requested_date = ? ORDER BY page_rank LIMIT 3"
    top = connect(read_only=True).execute(query, [DAY]).fetchall()
    return {"seconds": time.perf_counter() - began, "top": top}


def count_with_awk(log: str) -> dict[str, object]:
    began = time.perf_counter()
    printed = subprocess.run(["bash", "-c", AWK, "bash", log], capture_output=True, text=True, check=True).stdout
    top = [(page, int(n)) for n, page in (line.split() for line in printed.splitlines())]
    return {"seconds": time.perf_counter() - began, "top": top}


SECTIONS = {"load": load_log, "mart": ask_mart, "awk": count_with_awk}

if __name__ == "__main__":
    print(json.dumps(SECTIONS[sys.argv[1]](*sys.argv[2:]), default=str))  # type: ignore[operator]
