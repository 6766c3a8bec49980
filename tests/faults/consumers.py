"""Consumers in processes of their own, and one beside the test that reads what is left."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

from tests.preloaded import REPOSITORY, start_program
from watershed.declarations.table import Stream
from watershed.flows.streams.consume import consume
from watershed.settings import topic_name
from watershed.sources.topics.topic_ends import TopicEnds
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import read_positions

INTERVAL_S = 1.0
PATIENCE_S = 180.0


class Consumer:
    """`watershed stream start photo_events`, with its output in a file."""

    def __init__(self, folder: Path, death: str = "", interval: float = INTERVAL_S) -> None:
        self.log = folder / f"consumer-{time.monotonic_ns()}.log"
        arguments = [str(interval), *filter(None, [death])]
        program = "tests.faults.stream_runner"
        self.process = start_program(program, arguments, self.log, self.log, REPOSITORY, os.environ)

    def wait_until_reading(self, partitions: int = 4) -> None:
        """Until it says that it reads so many partitions."""
        wait_until(lambda: self.find_share() == partitions or self.process.exitcode is not None, self.tell)
        assert self.process.exitcode is None, self.tell()

    def find_share(self) -> int | None:
        """How many partitions it last said that it reads."""
        told = re.findall(r"reading ([0-9]+) of", self.log.read_text())
        return int(told[-1]) if told else None

    def wait_for_death(self) -> None:
        """Until it has killed itself at the place it was told."""
        wait_until(lambda: self.process.exitcode is not None, self.tell)
        assert self.process.exitcode == -signal.SIGKILL, self.tell()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """As an operator does: the batch at hand is finished."""
        self.process.terminate()
        wait_until(lambda: self.process.exitcode is not None, self.tell)
        assert self.process.exitcode == 0, self.tell()

    def tell(self) -> str:
        return self.log.read_text()[-4000:]


@contextmanager
def read_along(stream: Stream) -> Iterator[list[str]]:
    """A consumer of this process; at the end it has read all that is in the topic then. Yields what it reports."""
    told: list[str] = []
    stop = Event()
    reader = Thread(target=consume, args=(stream, stop, told.append, INTERVAL_S), daemon=True)
    reader.start()
    try:
        yield told
        wait_until_read(stream, lambda: "\n".join(told))
    finally:
        stop.set()
        reader.join(PATIENCE_S)
    assert not reader.is_alive(), told


def wait_until_read(stream: Stream, tell: Callable[[], str], seconds: float = PATIENCE_S) -> None:
    """Until the lake has every message that the topic has now."""
    ends = TopicEnds(stream).find()
    wait_until(lambda: not list_unread(stream, ends), lambda: f"{list_unread(stream, ends)}\n{tell()}", seconds)


def list_unread(stream: Stream, ends: dict[int, int]) -> dict[int, int]:
    """By partition how many messages the lake does not have."""
    with closing(connect()) as con:
        known = read_positions(con, topic_name(stream.topic))
    unread = {partition: end - known.get(partition, 0) for partition, end in ends.items()}
    return {partition: count for partition, count in unread.items() if count > 0}


def count_publishes() -> int:
    return fetch_number("SELECT count(*) FROM ledger.publishes")


def count_deduplicated() -> int:
    return fetch_number("SELECT sum(rows_deduplicated)::BIGINT FROM ledger.books")


def count_consumers() -> int:
    """How many have published; the id of a run names its consumer, and its number behind the last dot."""
    return fetch_number("SELECT count(DISTINCT regexp_replace(run_id, '[.][0-9]+$', '')) FROM ledger.offsets")


def fetch_number(query: str) -> int:
    with closing(connect()) as con:
        row = con.execute(query).fetchone()
    return int(row[0] or 0) if row else 0


def wait_until(is_so: Callable[[], bool], tell: Callable[[], str], seconds: float = PATIENCE_S) -> float:
    """Returns how long it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"not within {seconds:.0f} s\n{tell()}"
        time.sleep(0.2)  # most looks ask the lake or a page
    return time.monotonic() - began
