"""What people see while a server is away: which one, since when, what does not work meanwhile, and what does."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import duckdb
import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy.exc import OperationalError

from watershed.monitoring.reading import CATALOGUE, STORE, Service, StreamReading
from watershed.monitoring.services import CONSUMER, MONITOR, PARTS, WEB_SERVER, ask_services, list_working
from watershed.monitoring.state import MonitorState, read_state
from watershed.warehouse.ledger.cache import MIRROR
from watershed.warehouse.ledger.history import utc_now

ASKED_FOR_S = 5.0  # many pages may fail at once: servers are asked once
UNREACHED = (ConnectionError, TimeoutError, psycopg.OperationalError, OperationalError, BotoCoreError, ClientError)
FAR = re.compile(r"s3://|https?://|connection to server|DuckLake|PostgreSQL", re.IGNORECASE)
Page = tuple[str, str]  # address and title
HEALTH, COPIED = ("health", "Health"), [("tables", "Tables"), ("lineage", "Lineage")]


@dataclass(frozen=True)
class Servers:
    """How the servers are. `monitor`: what it said last. `as_of`: of when the ledger's copy in this process is, None
    where there is none."""

    monitor: MonitorState | None
    services: tuple[Service, ...]
    as_of: datetime | None

    @property
    def away(self) -> list[Service]:
        return [one for one in self.services if one.problem]

    @property
    def working(self) -> list[str]:
        return list_working(self.away)

    @property
    def lake_since(self) -> datetime | None:
        """Since when the lake cannot be read as a whole; None while it can."""
        return min((one.since for one in self.away if one.name in (STORE, CATALOGUE) and one.since), default=None)

    @property
    def pages(self) -> list[Page]:
        """Those that still work."""
        if self.is_away(PARTS["metadatabase"]):
            return []  # nobody is let in
        if self.is_away(CATALOGUE):
            return [HEALTH, *COPIED] if self.as_of else [HEALTH]
        return [HEALTH, *COPIED, ("snapshots", "Snapshots")]

    def is_away(self, name: str) -> bool:
        return any(one.name == name for one in self.away)


class LastAnswers:
    """The last answers, each kept for some seconds."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.monitor: tuple[float, MonitorState | None] | None = None
        self.servers: tuple[float, Servers] | None = None

    def find_monitor(self) -> MonitorState | None:
        """What the monitor said, or has left behind."""
        with self.lock:
            if self.monitor is None or time.monotonic() - self.monitor[0] > ASKED_FOR_S:
                self.monitor = (time.monotonic(), read_state())
            return self.monitor[1]

    def find_servers(self) -> Servers:
        """By the word of the monitor; where none answers, the servers are asked from here."""
        state = self.find_monitor()
        with self.lock:
            if self.servers is None or time.monotonic() - self.servers[0] > ASKED_FOR_S:
                self.servers = (time.monotonic(), judge_servers(state))
            return self.servers[1]


ASKED = LastAnswers()


def judge_servers(state: MonitorState | None) -> Servers:
    if state is not None and state.is_answering:
        # Whoever reads this page has reached the web server, however slowly it answered the monitor.
        found = tuple(Service(WEB_SERVER) if one.name == WEB_SERVER else one for one in state.services)
        return Servers(state, (*found, *list_dead(state.streams)), MIRROR.refreshed_at)
    since = state.at if state else None
    missing = Service(MONITOR, "it does not answer" if state else "none has ever been heard of", since)
    return Servers(state, (*ask_services(state.services if state else (), utc_now()), missing), MIRROR.refreshed_at)


def list_dead(streams: Iterable[StreamReading]) -> list[Service]:
    return [
        Service(f"{CONSUMER} of {stream.name}", f"{one.name} has ended without a word", one.since)
        for stream in streams
        for one in stream.dead
    ]


def is_outage(error: Exception) -> bool:
    """Whether an error says that a server is away, and not that something is wrong with a page."""
    if isinstance(error, duckdb.IOException | duckdb.HTTPException | duckdb.ConnectionException):
        return FAR.search(str(error)) is not None
    return isinstance(error, UNREACHED)
