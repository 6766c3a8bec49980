"""A reading: how everything was at one moment, as plain values. Times are UTC without zone, as in the ledger."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watershed.declarations.table import Budget
from watershed.warehouse.alerts import Alert
from watershed.warehouse.freshness import Freshness

STORE, CATALOGUE, BROKER = "object store", "catalogue", "broker"
LAKE_SERVICES = (STORE, CATALOGUE, BROKER)


@dataclass(frozen=True)
class TableReading:
    """A table or mart. `promise`: within how long what arrives is published. `waiting_since`: when the oldest of what
    is not published arrived. Rows and bytes are of the files that the lake has now; `read` and `quarantined` are rows
    of the last hour's publishes."""

    address: str
    promise: timedelta
    budget: Budget
    rows: int = 0
    bytes: int = 0
    published_at: datetime | None = None
    waiting_since: datetime | None = None
    read: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Service:
    """A server that others need. `problem`: why it does not answer, None where it does; `since` when."""

    name: str
    problem: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class DeadConsumer:
    """A consumer that ended without saying so. `since`: when it was last heard of."""

    name: str
    since: datetime


@dataclass(frozen=True)
class SourceReading:
    """A source whose contract says how often something arrives. `arrived_at`: when something last did, None: never, as
    far as the ledger and the bucket know. `silence`: how much of the time since then counts, `every` how much may."""

    name: str
    every: timedelta
    silence: timedelta
    arrived_at: datetime | None = None

    @property
    def is_silent(self) -> bool:
        return self.silence > self.every


@dataclass(frozen=True)
class StreamReading:
    """A stream. `problem`: why nobody knows where its topic ends. `lag`: messages that wait, `earlier` as many as there
    were some minutes ago, None where nobody knows. `arrived_at`: when the topic was last seen to grow. `lags`: as many
    as there were at each look of these minutes. `consumers`: how many are alive; `failing`: what they say of
    themselves; `dead`: those that ended without a word and that nobody has replaced, the latest first."""

    name: str
    is_continuous: bool
    problem: str | None = None
    lag: int = 0
    earlier: int | None = None
    waiting_since: datetime | None = None
    arrived_at: datetime | None = None
    readers: int = 0
    consumers: int = 0
    failing: tuple[str, ...] = ()
    dead: tuple[DeadConsumer, ...] = ()
    lags: tuple[int, ...] = ()


@dataclass(frozen=True)
class RefusedObjects:
    """Objects of a source that were refused, and not published since."""

    source: str
    objects: int
    reason: str


@dataclass(frozen=True)
class Imbalance:
    """The latest books of a table's object that do not add up."""

    table: str
    raw_object: str
    read: int
    accounted: int


@dataclass(frozen=True)
class ParityDifference:
    """What the last comparison of a table's days with their recomputation found."""

    table: str
    day: str
    missing: int
    surplus: int


@dataclass(frozen=True)
class Snooze:
    """Of an alert rule about a subject, or with an empty subject about all. Times are UTC without zone."""

    rule: str
    subject: str
    reason: str
    snoozed_by: str
    snoozed_at: datetime
    snoozed_until: datetime

    def covers(self, rule: str, subject: str, now: datetime) -> bool:
        return self.rule == rule and self.subject in ("", subject) and now < self.snoozed_until


@dataclass(frozen=True)
class Runs:
    """The runs of a DAG: how many have failed one after the other, and when one was last seen to end."""

    failed: int = 0
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Queue:
    """Who waits for the lake's lock now."""

    waiting: int = 0
    longest_s: float = 0.0


@dataclass(frozen=True)
class Reading:
    """`since`: when the monitor began; a promise counts from then at the earliest, so that a laptop that was off for a
    week wakes up in peace. `services`: the servers, as each was asked. `lake_problem` is (since when, why); with it,
    figures of the lake are those of `known_at`, the last reading without. `raised`: the alerts of the ledger that fire;
    `untold`: those that are over, of which people know only that they fire. `published`: last publish by subject."""

    at: datetime
    since: datetime
    services: tuple[Service, ...] = ()
    tables: tuple[TableReading, ...] = ()
    sources: tuple[SourceReading, ...] = ()
    streams: tuple[StreamReading, ...] = ()
    refusals: tuple[RefusedObjects, ...] = ()
    imbalances: tuple[Imbalance, ...] = ()
    differences: tuple[ParityDifference, ...] = ()
    runs: dict[str, Runs] = field(default_factory=dict)
    queue: Queue = Queue()
    published: dict[str, datetime] = field(default_factory=dict)
    snoozes: tuple[Snooze, ...] = ()
    raised: tuple[Alert, ...] = ()
    untold: tuple[Alert, ...] = ()
    lake_problem: tuple[datetime, str] | None = None
    known_at: datetime | None = None

    @property
    def airflow_problem(self) -> tuple[datetime, str] | None:
        """Since when, and why; None where Airflow is well, or nobody said where it is."""
        ill = [one for one in self.services if one.problem and one.name not in LAKE_SERVICES]
        whys = "; ".join(f"{one.name}: {one.problem}" for one in ill)
        return (min(one.since or self.at for one in ill), whys) if ill else None

    def find_freshness(self, table: TableReading) -> Freshness:
        """Of a table, as far as the monitor has watched."""
        waiting = table.waiting_since
        return Freshness(table.promise, max(waiting, self.since) if waiting else None)

    def measure_wait(self, since: datetime | None) -> timedelta:
        """For how long something waits, as far as the monitor has watched."""
        return timedelta() if since is None else max(timedelta(), self.at - max(since, self.since))
