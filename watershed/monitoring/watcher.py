"""The watcher: takes a reading of everything, again and again, and remembers what one alone does not tell."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb
import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from watershed.declarations import list_tables, load_sources
from watershed.declarations.table import Budget
from watershed.errors import NoAnswer
from watershed.lake.store import open_store
from watershed.monitoring.backlog import Arrivals, make_topics, open_session, read_queue
from watershed.monitoring.otlp import Otlp
from watershed.monitoring.questions import Ledger
from watershed.monitoring.reading import (
    BROKER,
    CATALOGUE,
    STORE,
    Reading,
    Service,
    SourceReading,
    StreamReading,
    TableReading,
)
from watershed.monitoring.runs import RunCounts
from watershed.monitoring.services import ask_services
from watershed.monitoring.snoozes import list_snoozes
from watershed.warehouse.connection import forget_engines
from watershed.warehouse.ledger.cache import Mirror
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.schema.marts import WITHIN, list_marts

SIZES = """
    SELECT schema_name || '.' || table_name, coalesce(sum(record_count), 0)::bigint,
           coalesce(sum(file_size_bytes), 0)::bigint,
           coalesce((SELECT sum(delete_count) FROM ducklake_delete_file AS gone
                     WHERE gone.table_id = tables.table_id AND gone.end_snapshot IS NULL), 0)::bigint
    FROM ducklake_table AS tables JOIN ducklake_schema USING (schema_id)
    LEFT JOIN ducklake_data_file AS files ON files.table_id = tables.table_id AND files.end_snapshot IS NULL
    WHERE tables.end_snapshot IS NULL GROUP BY tables.table_id, 1
"""
LAKE_ERRORS = (duckdb.Error, psycopg.Error, ConnectionError, BotoCoreError, ClientError, LookupError)


class Watcher:
    """`read` gives the reading of now; the last one is `reading`."""

    def __init__(self, otlp: Otlp) -> None:
        self.mirror = Mirror()
        self.ledger = Ledger(self.mirror)
        self.store = open_store()
        self.arrivals = Arrivals(self.store)
        self.topics = make_topics()
        self.runs = RunCounts(otlp)
        self.session: psycopg.Connection[Any] | None = None
        self.reading = Reading(utc_now(), utc_now())

    def read(self, now: datetime | None = None) -> Reading:
        """Never raises because of a server that is away: that is what the reading then says."""
        now = now or utc_now()
        self.runs.note(now)
        services = ask_services(self.reading.services, now)
        known = replace(self.reading, at=now, runs=self.runs.runs, services=services)
        away = {one.name: one for one in services if one.problem}
        try:
            if gone := away.get(CATALOGUE) or away.get(STORE):
                raise NoAnswer(f"the {gone.name} does not answer: {gone.problem}")
            self.reading = self.read_lake(now, known, away.get(BROKER))
        except LAKE_ERRORS as error:
            self.forget_connections()
            since = known.lake_problem[0] if known.lake_problem else now
            self.reading = replace(known, lake_problem=(since, describe_error(error)))
        return self.reading

    def read_lake(self, now: datetime, known: Reading, broker: Service | None) -> Reading:
        """`broker`: set where it does not answer, so that it is not asked again for each stream."""
        self.mirror.refresh()
        self.session = self.session or open_session()
        ledger = self.ledger
        streams = tuple(topic.read(now, ledger, self.store, self.session, broker) for topic in self.topics)
        return replace(
            known,
            lake_problem=None,
            known_at=now,
            streams=streams,
            tables=tuple(self.read_tables(now, self.session, streams)),
            sources=tuple(self.read_sources(now, known.since, streams)),
            refusals=ledger.read_refusals(),
            imbalances=ledger.read_imbalances(),
            differences=ledger.read_differences(),
            queue=read_queue(self.session),
            published=ledger.read_published(),
            snoozes=tuple(list_snoozes(ledger.ask)),
            raised=ledger.read_alerts(),
            untold=ledger.read_untold(now),
        )

    def read_sources(
        self, now: datetime, began: datetime, streams: tuple[StreamReading, ...]
    ) -> Iterator[SourceReading]:
        """Those whose contracts say how often something arrives. One that never sent anything has been silent since the
        monitor `began`."""
        waiting = self.arrivals.find_latest() | {one.name: one.arrived_at for one in streams if one.arrived_at}
        published = self.ledger.read_arrived()
        for name, source in sorted(load_sources().items()):
            if source.rhythm is not None:
                last = max((at[name] for at in (waiting, published) if name in at), default=None)
                silence = source.rhythm.measure_silence(last or began, now)
                yield SourceReading(name, source.rhythm.every, silence, last)

    def read_tables(
        self, now: datetime, session: psycopg.Connection[Any], streams: tuple[StreamReading, ...]
    ) -> Iterator[TableReading]:
        sizes = {address: (rows - gone, size) for address, rows, size, gone in session.execute(SIZES).fetchall()}
        books, published = self.ledger.read_tables(now), self.ledger.read_published()
        arrived, stale = self.arrivals.find_waiting(self.ledger), self.ledger.find_waiting_marts()
        arrived |= {one.name: one.waiting_since for one in streams if one.waiting_since and not one.problem}
        for table in list_tables():
            rows, size = sizes.get(table.address, (0, 0))
            at, read, bad = books.get(table.address, (published.get(table.address), 0, 0))
            waiting = min((arrived[s.name] for s in table.sources if s.name in arrived), default=None)
            yield TableReading(table.address, table.freshness, table.budget, rows, size, at, waiting, read, bad)
        for mart in list_marts():
            rows, size = sizes.get(mart.address, (0, 0))
            at, waiting = published.get(mart.address), stale.get(mart.address)
            yield TableReading(mart.address, WITHIN, Budget(), rows, size, at, waiting)

    def forget_connections(self) -> None:
        forget_engines()
        if self.session is not None:
            with suppress(psycopg.Error):
                self.session.close()
        self.session = None


def describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
