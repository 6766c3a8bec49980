"""The wheel, and an environment that has it where nothing of the checkout can be reached."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.checkout import copy_repository


def build_wheel(folder: Path) -> Path:
    copy_repository(folder / "repository")
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), "./repository"]
    subprocess.run([sys.executable, *command], cwd=folder, check=True)
    (built,) = folder.glob("*.whl")
    return built


def install_wheel(wheel: Path, folder: Path) -> Path:
    """The Python of a new environment with the wheel, and the dependencies of this one: a path in a .pth file brings
    packages, and not what their own .pth files do, such as the checkout of an editable installation."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = ["-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, *install], check=True)
    (packages,) = folder.glob("lib/*/site-packages")
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run_outside(folder: Path, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder; it is told nothing of the checkout. Programs that packages bring are found."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", str(folder))} | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
