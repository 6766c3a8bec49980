"""Where a model comes from, as far as that decides its weights: code, libraries, processor."""

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from watershed.settings import read_setting

FOLDER = Path(__file__).parent
# What says something about a model that is trained already: no weight and no metric depends on it.
BYSTANDERS = {"__main__", "card", "champion", "checkpoints", "curves", "drift", "features", "files", "gate", "origin"}
BYSTANDERS |= {"choose"}  # chooses a config, which is recorded
LIBRARIES = ("torch", "numpy", "scipy", "pyarrow", "safetensors")


def hash_code() -> str:
    """SHA-256 over the model's own modules, names and texts."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in BYSTANDERS:
            digest.update(f"{path.name}\0{path.read_text()}\0".encode())
    return digest.hexdigest()


def find_commit() -> str | None:
    """The commit of the code: `WATERSHED_COMMIT`, else what git says; None where neither knows."""
    if named := read_setting("commit", ""):
        return named
    asked = ["git", "-C", str(FOLDER), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def list_libraries() -> dict[str, str]:
    """What the same code may compute other last digits with: versions, processor, threads."""
    import torch

    return {
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "processor": read_processor(),
        "threads": str(torch.get_num_threads()),
    }


def read_processor() -> str:
    """Its name; kernels are chosen by it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
