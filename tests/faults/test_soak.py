"""`make soak`: 14,000 events a second while something is killed every half minute; then everything must be there once.

SOAK_SECONDS and SOAK_RATE make it shorter and smaller.
"""

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from contracts.photo_events import PHOTO_EVENTS
from tests.empty_lake import EmptyLake, make_topics
from tests.faults.balance import assert_exactly_once
from tests.faults.consumers import Consumer, wait_until_read
from tests.faults.flow import Flow
from tests.faults.own_stack import kill_server, pause_server, restart_servers, run_stack
from watershed.stack.home import Home

pytestmark = [pytest.mark.servers, pytest.mark.soak]

SECONDS = float(os.environ.get("SOAK_SECONDS", "480"))
RATE = float(os.environ.get("SOAK_RATE", "14000"))  # 1.2 billion a day
SERVERS = ("kafka", "s3", "postgres")
CALM_S = 25.0
SHORT_PAUSE_S = 5.0
LONGEST_AWAY_S = 20.0
LONGEST_PAUSE_S = 60.0
CATCH_UP_S = 240.0
INTERVAL_S = 2.0
SEED = 3


@pytest.fixture(scope="module")
def stack() -> Iterator[Home]:
    with run_stack() as home:
        yield home


class Chaos:
    """Two consumers: one is killed and stopped like everything else, the other must live through it all."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home, self.folder, self.random = home, folder, random.Random(SEED)
        self.survivor = Consumer(folder, interval=INTERVAL_S)
        self.victim = Consumer(folder, interval=INTERVAL_S)
        self.memory: list[int] = []

    def run(self, seconds: float) -> None:
        """One fault after the other, in turns so that each has one, with calm between them."""
        deadline, calm = time.monotonic() + seconds, min(CALM_S, seconds / 20)
        faults: dict[str, Callable[[], None]] = {"kill a consumer": self.kill_consumer, "stop one": self.stop_consumer}
        faults["stop the broker for long"] = partial(self.pause, "kafka", min(LONGEST_PAUSE_S, seconds / 8))
        for server in SERVERS:
            faults[f"kill {server}"] = partial(self.kill, server)
            faults[f"stop {server} for a moment"] = partial(self.pause, server, SHORT_PAUSE_S)
        while time.monotonic() < deadline:
            for what in self.random.sample(sorted(faults), len(faults)):
                self.wait(calm)
                if time.monotonic() < deadline:
                    print(f"{deadline - time.monotonic():.0f} s left: {what}", flush=True)
                    faults[what]()
        self.wait(calm)

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.survivor.process.exitcode is None, self.survivor.tell()
            self.memory.append(psutil.Process(self.survivor.process.pid).memory_info().rss)
            time.sleep(1)

    def kill_consumer(self) -> None:
        self.victim.kill()
        self.victim = Consumer(self.folder, interval=INTERVAL_S)

    def stop_consumer(self) -> None:
        self.victim.stop()
        self.victim = Consumer(self.folder, interval=INTERVAL_S)

    def pause(self, server: str, seconds: float) -> None:
        pause_server(self.home, server, seconds)

    def kill(self, server: str) -> None:
        kill_server(self.home, server)
        self.wait(self.random.uniform(0, LONGEST_AWAY_S))
        restart_servers(self.home)


def test_soak(stack: Home, module_lake: EmptyLake, tmp_path: Path) -> None:
    make_topics(module_lake)
    flows = [Flow(PHOTO_EVENTS, name, rate=RATE / 2) for name in ("one", "other")]
    chaos = Chaos(stack, tmp_path)
    try:
        with flows[0], flows[1]:
            chaos.run(SECONDS)
        wait_until_read(PHOTO_EVENTS, chaos.survivor.tell, CATCH_UP_S)
    finally:
        chaos.survivor.kill()
        chaos.victim.kill()
        print(chaos.survivor.tell())
    print(f"{sum(flow.count for flow in flows):,} events, consumer's MB: {[m >> 20 for m in chaos.memory[::10]]}")
    assert_exactly_once(PHOTO_EVENTS, flows)
    assert_flat(chaos.memory)


def assert_flat(memory: list[int]) -> None:
    """The last quarter needs no more than the second did, but for what a backlog takes."""
    quarters = statistics.quantiles(range(len(memory)), n=4, method="inclusive")
    second = memory[int(quarters[0]) : int(quarters[1])]
    last = memory[int(quarters[2]) :]
    assert statistics.median(last) < 1.5 * statistics.median(second) + (300 << 20), memory
