"""What all questions share: the sizes, a stack of the benchmark's own, its input, and the peers' environment."""

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from watershed.stack.empty_lake import EmptyLake, make_lake, remove_lake
from watershed.stack.home import Home, open_home

FIRST_DAY = date(2024, 3, 4)
SEED = 1


@dataclass(frozen=True)
class Bench:
    """`lines` is the size that questions are asked at, `repeat` how often each section runs."""

    home: Home
    lines: int
    repeat: int

    @property
    def generated(self) -> Path:
        return self.home.folder("generated")

    @property
    def peers_python(self) -> str:
        return str(self.home.path / "peers" / "bin" / "python")

    @property
    def peers_folder(self) -> Path:
        return Path(__file__).with_name("peers")


def install_peers(bench: Bench) -> None:
    """Make the peers' environment where it is missing; this is the one thing that needs a network."""
    folder = bench.home.path / "peers"
    marker = folder / "installed.txt"
    wanted = Path(__file__).with_name("peers.txt").read_text()
    if marker.exists() and marker.read_text() == wanted:
        return
    print("  installing the peers (once)", flush=True)
    venv.create(folder, with_pip=True)
    pip = [bench.peers_python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(Path(__file__).with_name("peers.txt"))], check=True)
    marker.write_text(wanted)


@contextmanager
def empty_lake(bench: Bench) -> Iterator[EmptyLake]:
    """An empty bucket and catalogue, named in the environment of what runs meanwhile."""
    lake = make_lake(bench.home)
    before = dict(os.environ)
    os.environ.update(lake.environment)
    try:
        yield lake
    finally:
        os.environ.clear()
        os.environ.update(before)
        remove_lake(bench.home, lake)


def generate_watch_logs(bench: Bench, lines: int) -> tuple[Path, dict[str, Any]]:
    """A folder of watch logs of about a million lines each, made once, and the truth about them."""
    import json

    from sample.generate.films import make_films
    from sample.generate.watch_logs import FILE_LINES, write_watch_logs

    folder = bench.generated / f"watch_logs_{lines}"
    told = folder.with_suffix(".json")
    if not told.exists():
        print(f"  generating {lines:,} watch-log lines", flush=True)
        days = [FIRST_DAY + timedelta(days=n) for n in range(max(1, lines // FILE_LINES))]
        truth = write_watch_logs(folder, make_films(SEED), days, lines, SEED)
        told.write_text(json.dumps(truth.as_json()))
    return folder, json.loads(told.read_text())


def land_files(source: str, folder: Path, pattern: str = "*") -> int:
    """Hand all files of a folder over; returns their bytes."""
    from watershed.flows.ingest.land import land_file

    return sum(land_file(source, path).bytes for path in sorted(folder.glob(pattern)))


def our_python(module: str, *arguments: str) -> list[str]:
    """The command of a section of ours."""
    return [sys.executable, "-m", module, *arguments]


def open_bench(lines: int, repeat: int) -> Bench:
    return Bench(open_home(), lines, repeat)
