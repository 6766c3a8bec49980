"""The local monitor: a `watershed monitor` process, to which Airflow sends its figures.

It starts after everything else and stops before: what is not there yet, or not any more, is nothing to tell people.
"""

import sys
import time
import urllib.request
from functools import partial

from watershed.project import find_project
from watershed.stack.home import Home
from watershed.stack.process import Server

MONITOR = "monitor"
FRESH_S = 120.0
LOOKED = "watershed_reading_timestamp_seconds "


def describe_monitor(home: Home, ports: dict[str, int]) -> Server:
    return Server(
        name=MONITOR,
        command=[sys.executable, "-m", "watershed", "monitor"],
        port=ports[MONITOR],
        is_ready=partial(has_looked, f"http://{listen_address(ports)}/metrics", home.read_secret("monitor")),
        environment={
            "WATERSHED_HOME": str(home.path),
            "WATERSHED_PROJECT": str(find_project()),
            # It reads small tables, and would keep their files in memory; more threads would do no more than wait.
            "WATERSHED_DUCKDB_MEMORY": "256MB",
            "WATERSHED_DUCKDB_THREADS": "1",
        },
    )


def listen_address(ports: dict[str, int]) -> str:
    """Where the monitor listens, as its setting says it."""
    return f"127.0.0.1:{ports[MONITOR]}"


def has_looked(url: str, token: str) -> bool:
    """Whether it answers, and its last look was lately."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except (OSError, ValueError):
        return False
    looked = [float(line.removeprefix(LOOKED)) for line in lines if line.startswith(LOOKED)]
    return bool(looked) and time.time() - looked[0] < FRESH_S
