"""Runs `watershed stream start photo_events` in a process of its own, and dies by SIGKILL at a given place if told so.

python -m tests.faults.stream_runner SECONDS [module:function:before|after:nth]
"""

import sys

from tests.faults.runner import arm
from watershed.cli.main import main
from watershed.flows.streams import consume

COMPACTED_BATCHES = 3  # so that a short test sees compaction


def run(interval: str, death: str = "") -> int:
    consume.COMPACTED_BATCHES = COMPACTED_BATCHES
    if death:
        arm(*death.split(":"))
    return main(["stream", "start", "photo_events", "--interval", interval])


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
