"""The continuous consumers of the local stack: a `watershed stream start` process for each stream with a speed layer.

The others are read by their DAGs as messages arrive. Production starts the same command, as many times as it likes.
"""

import sys
from functools import partial

from watershed.declarations import load_streams
from watershed.project import find_project
from watershed.stack.home import Home
from watershed.stack.process import Server, find_process


def describe_consumers(home: Home) -> list[Server]:
    """The consumers; each is ready when it runs, since it waits by itself for whatever is away."""
    return [
        Server(
            name=name,
            command=[sys.executable, "-m", "watershed", "stream", "start", stream],
            port=None,
            is_ready=partial(is_running, home, name),
            environment={"WATERSHED_HOME": str(home.path), "WATERSHED_PROJECT": str(find_project())},
        )
        for name, stream in name_consumers().items()
    ]


def name_consumers() -> dict[str, str]:
    """Server to stream."""
    return {f"stream-{name}": name for name, stream in sorted(load_streams().items()) if stream.layer == "speed"}


def is_running(home: Home, name: str) -> bool:
    return find_process(home, name) is not None
