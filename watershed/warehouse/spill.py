"""Where an engine puts what does not fit into its memory: a folder of its own on the scratch disk of the home.

Two DuckDBs that spill into one folder write each other's files: they crash, or read what the other has written.
"""

import itertools
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import psutil

ENGINES = itertools.count(1)


def name_spill(home: Path) -> Path:
    """A folder that no other engine has, of this process, another one, or another machine with the same home.

    DuckDB makes it when it first spills, and removes it when the engine is closed. What processes that were killed have
    left is removed now.
    """
    place = home / "spill"
    with suppress(OSError):  # the disk is asked again when something is spilled
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_leftovers(place)
    return place / f"{name_owner(os.getpid())}.{next(ENGINES)}"


def name_spool(home: Path) -> Path:
    """The file of this process for an answer on its way to a file of another form."""
    return home / "spill" / f"{name_owner(os.getpid())}.parquet"


def name_owner(pid: int) -> str:
    return f"{socket.gethostname()}.{pid}"


def remove_spilled(home: Path, pid: int) -> None:
    """All that a process of this machine that has ended left behind."""
    for left in (home / "spill").glob(f"{name_owner(pid)}.*"):
        remove(left)


def remove_leftovers(place: Path) -> None:
    for left in place.glob(f"{socket.gethostname()}.*.*"):
        pid = left.name.split(".")[-2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            remove(left)


def remove(left: Path) -> None:
    if left.is_dir():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.unlink(missing_ok=True)
