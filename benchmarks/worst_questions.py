"""How much memory does the process take that answers the worst questions, beside the limit that is declared?

Each is put to a process of its own, as the page SQL puts it; the operating system says how much was resident at most.
A question may fail with a sentence: what counts is that the process keeps its bounds, and the machine its memory.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, our_python
from benchmarks.measure import REPOSITORY
from watershed.serving.sql_worker import BESIDES, read_bytes
from watershed.settings import load_settings, read_setting

LARGE = "SELECT repeat('x', 1000000) AS x FROM range(2500)"  # 2.5 GB of text
ROWS = "SELECT range AS n, repeat('x', 82000) AS x FROM range(2000)"  # 164 MB as JSON
SORTED = "SELECT range, repeat('x', 200) || range AS x FROM range(20000000) ORDER BY x"
LISTED = "SELECT list(repeat('x', 1000) || range) FROM range(10000000)"
SECONDS, SHOWN, MOST = 120, 1000, 10_000_000
QUESTIONS: dict[str, dict[str, Any]] = {
    "2,500 texts of a megabyte, shown": {"query": LARGE, "shown": SHOWN},
    "the same as CSV": {"query": LARGE, "format": "csv"},
    "the same as Parquet": {"query": LARGE, "format": "parquet"},
    "164 MB of rows, shown": {"query": ROWS, "shown": 2000},
    "the same as CSV (164 MB)": {"query": ROWS, "format": "csv"},
    "20 million texts in order, shown": {"query": SORTED, "shown": SHOWN},
    "10 GB in one list, shown": {"query": LISTED, "shown": SHOWN},
}


def ask(bench: Bench) -> Answer:
    from watershed.warehouse.publish import prepare

    limit = read_bytes(read_setting("analyst_memory", "1GB")) + BESIDES
    sections = {name: Measured(name, 1) for name in QUESTIONS}
    with empty_lake(bench):
        prepare(load_settings())
        for _ in range(bench.repeat):
            for name, question in QUESTIONS.items():
                measure_question(sections[name], question)
    peaks = {name: max(one.peak_mb) * 1e6 for name, one in sections.items()}
    goals = [Goal(f"{name}: peak, share of the limit", peak / limit, 1) for name, peak in peaks.items()]
    notes = [f"the limit of a process: {limit / 1e6:,.0f} MB, DuckDB's {read_setting('analyst_memory', '1GB')} of it"]
    notes += [f"{one.name}: {one.details[-1]['told']}" for one in sections.values()]
    return Answer("memory of who answers the worst questions", "questions", [*sections.values()], goals, notes, per=1)


def measure_question(measured: Measured, question: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory(prefix="watershed-worst-") as folder:
        about = {"role": "analyst", "snapshot": "", "seconds": SECONDS} | question
        if "format" in question:
            about |= {"path": str(Path(folder) / "answer"), "most": MOST}
        command = our_python("watershed.serving.sql_worker", folder)
        process = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        process.stdout.readline()  # that it is ready
        began = time.monotonic()
        process.stdin.write(json.dumps(about).encode() + b"\n")
        process.stdin.flush()
        noted = process.stdout.readline()
        measured.seconds.append(time.monotonic() - began)
        peak = read_peak(process.pid)
        measured.peak_mb.append(peak / 1e6)
        measured.details.append({"told": describe(noted)})
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
    print(f"    {measured.name:<40} {measured.seconds[-1]:8.2f} s {measured.peak_mb[-1]:8.0f} MB", flush=True)


def read_peak(pid: int) -> int:
    """Bytes that were resident at most; of a process that has died nobody knows, but its limit has held."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def describe(noted: bytes) -> str:
    """What came of it: rows, and bytes of the answer; or the sentence."""
    if not noted:
        return "the process was ended by the operating system"
    told = json.loads(noted)
    return told["error"] or f"{told['count']:,} rows, an answer of {told['bytes'] / 1e6:,.1f} MB"
