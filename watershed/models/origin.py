"""Where a model comes from, as far as that decides its weights: code, commit, processor."""

import hashlib
import platform
import subprocess
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

from watershed.project import find_project
from watershed.settings import read_setting


def hash_modules(folder: Path, bystanders: Collection[str] = ()) -> str:
    """SHA-256 over the modules of a model, names and texts, those in folders below included. `bystanders`, by stem,
    decide no weight."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        if path.stem not in bystanders:
            digest.update(f"{path.relative_to(folder).as_posix()}\0{path.read_text()}\0".encode())
    return digest.hexdigest()


def find_commit() -> str | None:
    """The commit of the code: `WATERSHED_COMMIT`, else what git says; None where neither knows."""
    if named := read_setting("commit", ""):
        return named
    asked = ["git", "-C", str(find_project()), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def list_versions_of(libraries: Collection[str]) -> dict[str, str]:
    """What the same code may compute other last digits with: Python, libraries, processor."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
        "processor": read_processor(),
    }


def read_processor() -> str:
    """Its name; kernels are chosen by it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
