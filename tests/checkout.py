"""A copy of the repository that a test may write into, and commands that run in it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# Bytecode goes along, or the copy's first process compiles everything; "*.pyc.*" are half written by another worker.
LEFT_OUT = shutil.ignore_patterns(".*", "*.pyc.*", "*.egg-info", "results")


@dataclass(frozen=True)
class Checkout:
    """Its own packages come before those of the repository that is being tested."""

    path: Path

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the virtual environment, such as `python` or `watershed`. The result holds its output."""
        environment = os.environ | {"PYTHONPATH": str(self.path)} | variables
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each command is a process: all but the first start faster
        spelled = [sys.executable, *PROGRAMS[command[0]], *command[1:]]
        return subprocess.run(spelled, cwd=self.path, env=environment, capture_output=True, text=True)


PROGRAMS = {
    "watershed": ("-m", "watershed"),
    "pytest": ("-m", "pytest", "-q"),
    "ruff": ("-m", "ruff"),
    "python": (),
}


def copy_repository(target: Path) -> Checkout:
    shutil.copytree(REPOSITORY, target, ignore=LEFT_OUT)
    return Checkout(target)
