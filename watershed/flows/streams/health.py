"""How a consumer is: written to the lake every few seconds, where anybody can read it from any machine."""

import os
import socket
import time
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Stream
from watershed.flows.streams.leases import session_name
from watershed.lake.store import Store, health_key
from watershed.sources.topics.topic import TopicReader

BEAT_S = 5.0
SILENT_S = 30.0  # a consumer that has not been heard of for so long is dead or stuck
MOURNED_S = 86_400.0  # later nobody misses one that ended without a word


class Health:
    """The figures of one consumer since its start."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.started_at = datetime.now(UTC)
        self.consumer = f"{socket.gethostname()}-{os.getpid()}-{self.started_at:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
        self.batches = self.messages = self.rows = self.quarantined = self.failures = 0
        self.snapshot: int | None = None
        self.told_at, self.told_messages = time.monotonic() - BEAT_S, 0  # the first beat is due: one may die early

    def name_run(self) -> str:
        """The id of the run that the next batch is."""
        return f"stream_{self.stream.name}.{self.consumer}.{self.batches + self.failures}"

    def note_batch(self, published: dict[str, Any]) -> None:
        self.batches += 1
        self.messages += published["messages"]
        self.rows += sum(table["rows"] for table in published["tables"].values())
        self.quarantined += sum(table["quarantined"] for table in published["tables"].values())
        self.snapshot = published["snapshot"]

    def beat(self, store: Store, reader: TopicReader, report: Callable[[str], None]) -> None:
        """Every BEAT_S: tell how far the partitions are read, and what is left."""
        seconds = time.monotonic() - self.told_at
        if seconds < BEAT_S:
            return
        rate = (self.messages - self.told_messages) / seconds
        lag = reader.measure_lag()
        if self.messages > self.told_messages:
            report(
                f"{self.stream.name}: {rate:,.0f} messages/s, {sum(lag.values()):,} to read, "
                f"{count_nouns(self.rows, 'row')} and {self.quarantined:,} in quarantine so far, "
                f"snapshot {self.snapshot}"
            )
        self.told_at, self.told_messages = time.monotonic(), self.messages
        self.write(store, "reading", rate_per_s=round(rate, 1), positions=reader.positions, lag=lag)

    def note_failure(self, store: Store, error: Exception) -> None:
        self.failures += 1
        self.write(store, "failing", error=f"{type(error).__name__}: {error}"[:500])

    def note_end(self, store: Store) -> None:
        self.write(store, "stopped")

    def write(self, store: Store, state: str, **more: Any) -> None:
        own = {name: getattr(self, name) for name in ("consumer", "batches", "messages", "rows", "quarantined")}
        about = {"state": state, "at": datetime.now(UTC).isoformat(timespec="seconds"), "snapshot": self.snapshot}
        about |= {"started_at": self.started_at.isoformat(timespec="seconds"), "failures": self.failures}
        try:
            store.write_json(health_key(self.stream.name, self.consumer), own | about | more)
        except Exception as error:  # the store may be what fails: figures are not worth a consumer
            about["unwritten"] = str(error)


def list_consumers(store: Store, stream: Stream) -> list[dict[str, Any]]:
    """What the consumers of a stream last said of themselves, `silent` where that was too long ago."""
    told = [store.read_json(key) for key in store.list(health_key(stream.name, ""))]
    for one in told:
        age = datetime.now(UTC) - datetime.fromisoformat(one["at"])
        if one["state"] != "stopped" and age.total_seconds() > SILENT_S:
            one["state"] = "silent"
    return sorted(told, key=lambda one: one["at"], reverse=True)


def list_dead(told: Iterable[dict[str, Any]], members: Collection[str], now: datetime) -> list[dict[str, Any]]:
    """Of consumers by their own last words those that ended without saying so and that no later one has replaced, the
    latest first. `members`: the names of the sessions of those alive. `now` has a zone."""
    unsaid = [one for one in told if one["state"] != "stopped"]
    dead = [one for one in unsaid if is_gone(one, members, now)]
    started = sorted(datetime.fromisoformat(one["started_at"]) for one in unsaid if one not in dead)
    left = []
    for one in sorted(dead, key=lambda one: one["at"]):
        heir = next((at for at in started if at >= datetime.fromisoformat(one["at"])), None)
        if heir is None:
            left.append(one)
        else:
            started.remove(heir)
    return [one for one in reversed(left) if measure_age(one, now) < MOURNED_S]


def is_gone(one: dict[str, Any], members: Collection[str], now: datetime) -> bool:
    """A consumer that waits for the lake's lock says nothing either, but has its session."""
    return measure_age(one, now) > SILENT_S and session_name(one["consumer"]) not in members


def measure_age(one: dict[str, Any], now: datetime) -> float:
    return (now - datetime.fromisoformat(one["at"])).total_seconds()
