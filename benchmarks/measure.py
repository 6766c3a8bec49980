"""Run a section in a fresh process, and watch the memory of it and its children."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.answer import Measured

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE_SECONDS = 0.05


class SectionFailed(ValueError):
    """A section ended with an error; the message is the last line that it wrote."""


def run_section(measured: Measured, command: Sequence[str], **environment: str) -> dict[str, Any]:
    """Run once and add to `measured`. The program prints `{"seconds": ...}` as its last line, which is returned."""
    with tempfile.TemporaryFile("w+") as errors:
        own = os.environ | environment
        process = subprocess.Popen(command, env=own, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=errors, text=True)
        peak = watch_memory(process)
        printed, _ = process.communicate()
        if process.returncode:
            errors.seek(0)
            raise SectionFailed(f"{measured.name}: {(errors.read().strip() or printed).splitlines()[-1]}")
    result: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    measured.seconds.append(result["seconds"])
    measured.peak_mb.append(peak / 1e6)
    measured.details.append(result)
    print(f"    {measured.name:<40} {result['seconds']:8.2f} s {peak / 1e6:8.0f} MB", flush=True)
    return result


def watch_memory(process: subprocess.Popen[str]) -> int:
    """The highest resident memory of a process and its children until it ends, in bytes."""
    peak, watched = 0, psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, measure_family(watched))
        try:
            process.wait(SAMPLE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    return peak


def measure_family(watched: psutil.Process) -> int:
    total = 0
    try:
        for member in (watched, *watched.children(recursive=True)):
            total += member.memory_info().rss
    except psutil.NoSuchProcess:  # it ended just now
        pass
    return total
