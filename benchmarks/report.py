"""Answers as a Markdown table, as JSON, and as a plot."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench

OURS = ("duckdb", "duckdb_extension_ducklake", "apache-airflow", "great_expectations", "pyarrow", "ibis-framework")
VERSIONS = (*OURS, "torch")


def write_report(bench: Bench, answers: list[Answer], folder: Path) -> None:
    """Write `results.json`, `results.md` and `results.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    about = describe_machine(bench)
    raw = {"about": about, "answers": [answer.as_json() for answer in answers]}
    (folder / "results.json").write_text(json.dumps(raw, indent=1, default=str) + "\n")
    lines = ["# Benchmark results", "", *(f"- {name}: {value}" for name, value in about.items()), ""]
    for answer in answers:
        lines += format_answer(answer)
    (folder / "results.md").write_text("\n".join(lines))
    plot = str(bench.peers_folder / "draw_plot.py")
    subprocess.run([bench.peers_python, plot, str(folder / "results.json"), str(folder / "results.png")], check=True)


def describe_machine(bench: Bench) -> dict[str, str]:
    """What a reader needs to judge the figures; no names of machines or people."""
    memory, cores = psutil.virtual_memory().total / 2**30, len(os.sched_getaffinity(0))
    peers = [bench.peers_python, "-m", "pip", "freeze"]
    frozen = subprocess.run(peers, capture_output=True, text=True, check=True).stdout.split()
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{cores} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "ours": ", ".join(f"{name} {version(name)}" for name in VERSIONS),
        "peers": ", ".join(
            line.replace("==", " ") for line in frozen if line.startswith(("dlt=", "pandas=", "duckdb=", "implicit="))
        ),
        "runs": f"median of {bench.repeat}, each in a fresh process, imports not counted",
    }


def format_answer(answer: Answer) -> list[str]:
    ours = answer.measured[0]
    header = f"| what | {answer.unit} | seconds | s per {answer.scale} | of ours | peak MB |"
    rows = [format_row(section, ours, answer.per) for section in answer.measured]
    goals = [format_goal(goal) for goal in answer.goals]
    notes = [f"- {note}" for note in answer.notes]
    table = [header, "|---|---:|---:|---:|---:|---:|", *rows]
    return [f"## {answer.question}", "", *table, "", *goals, *notes, ""]


def format_row(section: Measured, ours: Measured, per: int) -> str:
    spread = f"{section.median:.2f} ({min(section.seconds):.2f} to {max(section.seconds):.2f})"
    share = section.per_unit / ours.per_unit
    peak = f"{max(section.peak_mb):.0f}" if section.peak_mb else "-"
    figures = f"{spread} | {section.per_unit * per:.3g} | {share:.2g} | {peak}"
    return f"| {section.name} | {section.units:,} | {figures} |"


def format_goal(goal: Goal) -> str:
    bound = "at least" if goal.at_least else "at most"
    return f"- {'met' if goal.is_met else '**missed**'}: {goal.text} {goal.value:.2f} ({bound} {goal.limit:g})"
