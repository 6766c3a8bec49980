"""Several workers (`pytest -n 3 --dist loadscope`) on one machine: what each has for itself, and who does what.

A worker has a home, and with it a stack, of its own, on ports that no other takes. A module's tests stay together,
since they share a lake; so do those of a folder that share an Airflow.
"""

import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from watershed.stack import home
from watershed.stack.home import PORT_RANGE, Home
from watershed.stack.servers import stop_stack

TESTS = Path(__file__).parent
WITH_AIRFLOW = ("browser", "end_to_end", "projects")
WORKER = "PYTEST_XDIST_WORKER"  # gw0, gw1 ...
MOST_WORKERS = 12


def claim_ports() -> None:
    """Choose ports in a range of this worker's: two that start at a time would at times choose the same."""
    if number := os.environ.get(WORKER, "").removeprefix("gw"):
        size = len(PORT_RANGE) // MOST_WORKERS
        first = int(number) % MOST_WORKERS * size
        home.PORT_RANGE = PORT_RANGE[first : first + size]


def order_items(items: list[pytest.Item]) -> None:
    """What takes longest comes first and what is over soonest last, so that no worker ends long before the others."""
    with_servers = {item.path for item in items if item.get_closest_marker("servers")}
    items.sort(key=lambda item: (not needs_airflow(item.path), item.path not in with_servers))


class GroupScheduling(LoadScopeScheduling):
    """Hands a group of tests to one worker. By the file, since marks of groups do not get through (pytest 9.2 with
    xdist 3.8: the name that a mark adds to a test's id is dropped)."""

    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.split("::")[0])
        return path.parent.name if needs_airflow(path) else str(path)


def needs_airflow(path: Path) -> bool:
    return path.parent.name in WITH_AIRFLOW


def stop_leftovers(folder: Path) -> None:
    """Servers of workers that have died, each of whom had a home somewhere below the folder."""
    for pids in folder.glob("*/home/pids"):
        stop_stack(Home(pids.parent))
