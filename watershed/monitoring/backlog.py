"""What waits to be published: files in the bucket, messages in topics, publishes at the lake's lock."""

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from watershed.declarations import load_sources, load_streams
from watershed.declarations.table import Source, Stream
from watershed.errors import Unavailable, UserError
from watershed.flows.streams.health import MOURNED_S, SILENT_S, ConsumerHealth, list_dead
from watershed.flows.streams.leases import list_leased, list_members
from watershed.lake.store import Store, health_key
from watershed.monitoring.questions import Ledger
from watershed.monitoring.reading import DeadConsumer, Queue, Service, StreamReading
from watershed.settings import load_settings, topic_name
from watershed.sources.topics.topic_ends import TopicEnds
from watershed.warehouse.publish import LOCK, PATIENCE

LOOK_S = 60.0  # from one listing of the bucket to the next
SHARE = 50  # listing takes at most one part in so many of the time: a bucket may hold a million objects
MEMORY = timedelta(minutes=5)  # with how a stream was then its lag is compared
POSITIONS = "SELECT partition, max(next_offset) FROM offsets WHERE topic = $topic GROUP BY partition"
KNOWN = """
    SELECT raw_object FROM books WHERE source = $source UNION SELECT raw_object FROM refusals WHERE source = $source
"""
WAITERS = """
    SELECT count(*), coalesce(max(extract(epoch FROM now() - query_start)), 0)
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32 | objid::bigint) = hashtext(%s)::bigint
"""


class Arrivals:
    """Since when the oldest raw object of a source waits. The bucket is listed once a minute."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.looked: dict[str, float] = {}  # when a source may be looked at again
        self.arrived: dict[str, dict[str, datetime]] = {}

    def find_waiting(self, ledger: Ledger) -> dict[str, datetime]:
        """By source; those of which nothing waits are left out. Topics are not looked at here."""
        found = {}
        for source in (one for one in load_sources().values() if not isinstance(one, Stream)):
            known = {row[0] for row in ledger.ask(KNOWN, {"source": source.name})}
            self.look(source, known)
            waiting = [at for key, at in self.arrived[source.name].items() if key not in known]
            if waiting:
                found[source.name] = min(waiting)
        return found

    def find_latest(self) -> dict[str, datetime]:
        """When the newest of what waits arrived, by source."""
        return {name: max(times.values()) for name, times in self.arrived.items() if times}

    def look(self, source: Source, known: set[str]) -> None:
        began = time.monotonic()
        if began < self.looked.get(source.name, 0):
            return
        listed = self.store.list_times(f"raw/{source.name}/")
        self.arrived[source.name] = {key: at for key, at in listed if key not in known}
        ended = time.monotonic()
        self.looked[source.name] = ended + max(LOOK_S, SHARE * (ended - began))


class Topic:
    """What waits in the topic of a stream, and since when."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.client: TopicEnds | None = None
        self.seen: deque[tuple[datetime, dict[int, int]]] = deque()  # ends, oldest first, that are not published yet
        self.lags: deque[tuple[datetime, int]] = deque()
        self.failing: set[str] = set()
        self.problem_since: datetime | None = None

    def read(
        self,
        now: datetime,
        ledger: Ledger,
        store: Store,
        session: psycopg.Connection[Any],
        broker: Service | None = None,
    ) -> StreamReading:
        """Never raises because of the broker: that it does not answer is a part of the reading. `broker`: known not to.
        `session` is one with the catalogue."""
        published = dict(ledger.ask(POSITIONS, {"topic": topic_name(self.stream.topic)}))
        ends, problem = ({}, broker.problem) if broker else self.find_ends()
        self.problem_since = (self.problem_since or now) if problem else None
        if not problem:
            self.note(now, ends, published)
        lag = self.lags[-1][1] if self.lags else 0
        members, told = list_members(self.stream, session), self.list_told(now, store)
        return StreamReading(
            name=self.stream.name,
            is_continuous=self.stream.layer == "speed",
            problem=problem,
            lag=lag,
            earlier=next((lag for at, lag in reversed(self.lags) if now - at >= MEMORY / 2), None),
            waiting_since=self.problem_since or (self.seen[0][0] if lag and self.seen else None),
            arrived_at=self.seen[-1][0] if lag and self.seen else None,
            readers=len(list_leased(self.stream)),
            consumers=len(members),
            failing=self.find_failing(now, told),
            dead=tuple(DeadConsumer(one.consumer, unzoned(one.at)) for one in list_dead(told, members, zoned(now))),
            lags=tuple(lag for _, lag in self.lags),
        )

    def find_ends(self) -> tuple[dict[int, int], str | None]:
        try:
            self.client = self.client or TopicEnds(self.stream)
            return self.client.find(), None
        except (OSError, UserError, Unavailable) as error:
            return {}, str(error)

    def note(self, now: datetime, ends: dict[int, int], published: dict[int, int]) -> None:
        """Remember how far the topic went; forget what is published by now."""
        if not self.seen or self.seen[-1][1] != ends:
            self.seen.append((now, ends))
        while self.seen and all(published.get(p, 0) >= end for p, end in self.seen[0][1].items()):
            self.seen.popleft()
        if len(self.seen) > 1000:  # hours: the oldest says since when, the newest how much
            del self.seen[len(self.seen) // 2]
        self.lags.append((now, sum(max(0, end - published.get(p, 0)) for p, end in ends.items())))
        while now - self.lags[0][0] > MEMORY:
            self.lags.popleft()

    def list_told(self, now: datetime, store: Store) -> list[ConsumerHealth]:
        """What the consumers of the last day said of themselves, each the last time."""
        listed = store.list_times(health_key(self.stream.name, ""))
        told = [store.find_json(key) for key, at in listed if now - at < timedelta(seconds=MOURNED_S)]
        return [ConsumerHealth.from_json(one) for one in told if one]

    def find_failing(self, now: datetime, told: list[ConsumerHealth]) -> tuple[str, ...]:
        """Consumers that said so now and at the last look: one that failed once has started over by then."""
        recent = [one for one in told if one.age_s(zoned(now)) < SILENT_S]
        failing = {one.consumer: one.error or "?" for one in recent if one.state == "failing"}
        again = tuple(f"{name}: {error}" for name, error in sorted(failing.items()) if name in self.failing)
        self.failing = set(failing)
        return again


def unzoned(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def zoned(now: datetime) -> datetime:
    return now.replace(tzinfo=UTC)


def make_topics() -> list[Topic]:
    return [Topic(stream) for _, stream in sorted(load_streams().items())]


def read_queue(session: psycopg.Connection[Any]) -> Queue:
    """Who waits at the lake's lock. `session` is one with the catalogue."""
    row = session.execute(WAITERS, (f"{LOCK} {load_settings().lake_path}",)).fetchone()
    return Queue(int(row[0]), float(row[1])) if row else Queue()


def open_session() -> psycopg.Connection[Any]:
    return psycopg.connect(load_settings().catalog_url, autocommit=True, **PATIENCE)
