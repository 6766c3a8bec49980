"""A copy of the repository that a test may write into, and commands that run in it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path

from tests.preloaded import REPOSITORY, start_program

# Bytecode goes along, or the copy's first process compiles everything; "*.pyc.*" are half written by another worker.
LEFT_OUT = shutil.ignore_patterns(".*", "*.pyc.*", "*.egg-info")

MADE = ("node_modules", "pictures")


@dataclass(frozen=True)
class Checkout:
    """Its own packages come before those of the repository that is being tested."""

    path: Path

    def run(self, *command: str, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the virtual environment, such as `watershed`, in the copy or in another folder."""
        folder = folder or self.path
        environment = os.environ | {"PYTHONPATH": str(self.path)} | variables
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each command is a process: all but the first start faster
        if command[0] == "watershed":
            return self.run_watershed(command[1:], folder, environment)
        words = [*PROGRAMS[command[0]], *command[1:]]
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)

    def run_watershed(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """`python -m watershed` with the libraries of others imported already: most of what it takes."""
        with tempfile.TemporaryDirectory(prefix="watershed-output-") as told:
            output, errors = Path(told, "output"), Path(told, "errors")
            process = start_program("watershed", arguments, output, errors, folder, environment)
            process.join()
            assert process.exitcode is not None
            return subprocess.CompletedProcess(arguments, process.exitcode, output.read_text(), errors.read_text())


PROGRAMS = {
    "pytest": (sys.executable, "-m", "pytest", "-q"),
    "ruff": (sys.executable, "-m", "ruff"),
    "python": (sys.executable,),
    "bash": ("bash",),
}


def copy_repository(target: Path) -> Checkout:
    shutil.copytree(REPOSITORY, target, ignore=LEFT_OUT)
    return Checkout(target)


def list_edited(checkout: Checkout) -> list[str]:
    """Files of the repository that the copy has no more, or otherwise."""
    own = {path: checkout.path / path for path in list_files(REPOSITORY)}
    return [path for path, copy in own.items() if not copy.exists() or not cmp(REPOSITORY / path, copy, shallow=False)]


def list_added(checkout: Checkout) -> list[str]:
    return sorted(set(list_files(checkout.path)) - set(list_files(REPOSITORY)))


def list_files(folder: Path) -> list[str]:
    """Every file by its path in the folder, but for those that are made on the way."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in paths if not any(is_made(part) for part in path.parts))


def is_made(name: str) -> bool:
    return name.startswith((".", "__pycache__")) or name in MADE or name.endswith(".egg-info")
