"""How a consumer is: written to the lake every few seconds, where anybody can read it from any machine."""

import os
import socket
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self
from uuid import uuid4

from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Stream
from watershed.flows.published import Published
from watershed.flows.streams.leases import session_name
from watershed.lake.store import Store, health_key
from watershed.sources.topics.topic import TopicReader

State = Literal["reading", "failing", "stopped", "silent"]
COUNTS = ("batches", "messages", "rows", "quarantined", "failures")
MOMENTS = ("at", "started_at")
BEAT_S = 5.0
SILENT_S = 30.0  # a consumer that has not been heard of for so long is dead or stuck
MOURNED_S = 86_400.0  # later nobody misses one that ended without a word


@dataclass(frozen=True)
class ConsumerHealth:
    """What a consumer last said of itself, at `at`, of itself since `started_at` (both with a zone). `positions` and
    `lag`: the next offset and the messages to read, by partition; those and the rate only where it is reading."""

    consumer: str
    state: State
    at: datetime
    started_at: datetime
    batches: int = 0
    messages: int = 0
    rows: int = 0
    quarantined: int = 0
    failures: int = 0
    snapshot: int | None = None
    error: str | None = None
    rate_per_s: float | None = None
    positions: dict[int, int] = field(default_factory=dict)
    lag: dict[int, int] = field(default_factory=dict)

    def age_s(self, now: datetime) -> float:
        return (now - self.at).total_seconds()

    def to_json(self) -> dict[str, Any]:
        moments = {name: getattr(self, name).isoformat(timespec="seconds") for name in MOMENTS}
        return {name: value for name, value in asdict(self).items() if value is not None} | moments

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """Of a consumer of any version of the engine: what this one does not know is left out."""
        known = {one.name: told[one.name] for one in fields(cls) if one.name in told}
        known |= {name: datetime.fromisoformat(told[name]) for name in MOMENTS}
        known |= {name: {int(p): n for p, n in told.get(name, {}).items()} for name in ("positions", "lag")}
        return cls(**known)


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

    def note_batch(self, published: Published, messages: int) -> None:
        self.batches += 1
        self.messages += messages
        self.rows += published.rows
        self.quarantined += published.quarantined
        self.snapshot = published.snapshot

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
        positions = {**reader.positions}
        self.write(store, replace(self.describe("reading"), rate_per_s=round(rate, 1), positions=positions, lag=lag))

    def note_failure(self, store: Store, error: Exception) -> None:
        self.failures += 1
        self.write(store, replace(self.describe("failing"), error=f"{type(error).__name__}: {error}"[:500]))

    def note_end(self, store: Store) -> None:
        self.write(store, self.describe("stopped"))

    def describe(self, state: State) -> ConsumerHealth:
        counts = {name: getattr(self, name) for name in ("snapshot", *COUNTS)}
        return ConsumerHealth(self.consumer, state, datetime.now(UTC), self.started_at, **counts)

    def write(self, store: Store, told: ConsumerHealth) -> None:
        with suppress(Exception):  # the store may be what fails: figures are not worth a consumer
            store.write_json(health_key(self.stream.name, self.consumer), told.to_json())


def list_consumers(store: Store, stream: Stream) -> list[ConsumerHealth]:
    """What the consumers of a stream last said of themselves, `silent` where that was too long ago."""
    told = [ConsumerHealth.from_json(store.read_json(key)) for key in store.list(health_key(stream.name, ""))]
    now = datetime.now(UTC)
    silent = (one.state != "stopped" and one.age_s(now) > SILENT_S for one in told)
    told = [replace(one, state="silent") if is_silent else one for one, is_silent in zip(told, silent, strict=True)]
    return sorted(told, key=lambda one: one.at, reverse=True)


def list_dead(
    told: Iterable[ConsumerHealth], members: Collection[str], now: datetime
) -> list[ConsumerHealth]:
    """Of consumers by their own last words those that ended without saying so and that no later one has replaced, the
    latest first. `members`: the names of the sessions of those alive. `now` has a zone."""
    unsaid = [one for one in told if one.state != "stopped"]
    dead = [one for one in unsaid if is_gone(one, members, now)]
    started = sorted(one.started_at for one in unsaid if one not in dead)
    left = []
    for one in sorted(dead, key=lambda one: one.at):
        heir = next((at for at in started if at >= one.at), None)
        if heir is None:
            left.append(one)
        else:
            started.remove(heir)
    return [one for one in reversed(left) if one.age_s(now) < MOURNED_S]


def is_gone(one: ConsumerHealth, members: Collection[str], now: datetime) -> bool:
    """A consumer that waits for the lake's lock says nothing either, but has its session."""
    return one.age_s(now) > SILENT_S and session_name(one.consumer) not in members
