"""The monitor: looks every few seconds, tells who has to know, and answers who asks.

Any number may run. Each serves figures; the one that holds the lock judges and tells.
"""

import json
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import Any

import psycopg

from watershed.monitoring.alert_state import AlertBook
from watershed.monitoring.backlog import open_session
from watershed.monitoring.endpoint import Endpoint, split_address
from watershed.monitoring.metrics import Figures
from watershed.monitoring.otlp import Otlp
from watershed.monitoring.overlong import end_overlong
from watershed.monitoring.state import Kept, describe_state, keep_state, list_findings, recall_last, recall_state
from watershed.monitoring.watcher import LAKE_ERRORS, Watcher, describe_error
from watershed.settings import load_settings, read_setting
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import prepare
from watershed.warehouse.schema.ddl import is_prepared

INTERVAL_S = 15.0

Report = Callable[[str], None]


class Leadership:
    """Whether this monitor is the one that tells: it holds a lock of the catalogue's database."""

    def __init__(self) -> None:
        self.session: psycopg.Connection[Any] | None = None
        self.is_leader = True  # until the catalogue says otherwise: somebody has to tell that it is away

    def ask(self) -> bool:
        """While nobody answers, what was true before."""
        for _ in range(2):  # a session that ended is not an answer: a new one is asked
            try:
                self.settle()
                break
            except psycopg.Error:
                self.session = None
        return self.is_leader

    def settle(self) -> None:
        if self.session is None:
            self.session = open_session()
            self.is_leader = False
        if self.is_leader:
            self.session.execute("SELECT 1")  # the lock is the session's
            return
        name = f"watershed.monitor {load_settings().lake_path}"
        row = self.session.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (name,)).fetchone()
        self.is_leader = bool(row and row[0])

    def clear_way(self, report: Report) -> None:
        """End the sessions of readers that stand in the way of others at the catalogue."""
        with suppress(psycopg.Error):
            for line in end_overlong(self.session) if self.session else ():
                report(line)


def open_book(report: Report) -> AlertBook:
    """The book of a leader, in a lake that has all of the ledger's tables: an older one gets what it lacks. It goes on
    with what the last monitor of this home has kept."""
    try:
        with closing(connect()) as con:
            is_ready = is_prepared(con, [])
        if not is_ready:
            prepare(load_settings(), [])
    except LAKE_ERRORS as error:
        report(f"the lake could not be prepared: {describe_error(error)}")
    book = AlertBook(report)
    book.recall((recall_state() or {}).get("book", ()))
    return book


class Lookout:
    """Looks when it is told to. `state`: what it tells of itself."""

    def __init__(self, report: Report) -> None:
        self.otlp = Otlp()
        self.watcher, self.leadership = Watcher(self.otlp), Leadership()
        if left := recall_last():  # what was away then, and still is, has been since
            self.watcher.reading = replace(self.watcher.reading, services=left.services, lake_problem=left.lake_problem)
        self.report = report
        self.book: AlertBook | None = None
        self.state: Kept | None = None

    def look(self, now: datetime | None = None) -> None:
        reading = self.watcher.read(now)
        if not self.leadership.ask():
            self.book = None
        else:
            self.book = self.book or open_book(self.report)
            self.book.judge(reading)
            self.leadership.clear_way(self.report)
        firing = [one.alert for one in self.book.list_firing()] if self.book else list_findings(reading)
        self.state = describe_state(reading, firing)
        try:
            keep_state(self.state | {"book": self.book.keep() if self.book else []})
        except OSError as error:
            self.report(f"what is known is not kept: {error}; the next look tries again")

    def encode_state(self) -> bytes | None:
        return None if self.state is None else json.dumps(self.state, default=str).encode()


def watch(listen: str, stop: Event, report: Report, interval: float = INTERVAL_S) -> None:
    """Until `stop` is set. Raises OSError when the address is taken, InvalidInput when it is none."""
    lookout = Lookout(report)
    figures, token = Figures(lookout.watcher, lookout.otlp), read_setting("monitor_token", "")
    endpoint = Endpoint(split_address(listen), figures, lookout.otlp, token, lookout.encode_state)
    endpoint.start()
    report(f"figures are at {listen}/metrics")
    try:
        while not stop.is_set():
            began = time.monotonic()
            lookout.look()
            stop.wait(max(1.0, interval - (time.monotonic() - began)))
    finally:
        endpoint.shutdown()
