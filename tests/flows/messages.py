"""Messages to send in tests, and what became of them."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Producer

from tests.runs import begin
from watershed.flows import run
from watershed.flows.ingest.publish import publish_source
from watershed.settings import load_kafka
from watershed.warehouse.connection import connect

LINE = "2026-11-01T13:44:{second:02},{user},GET /data/m/toy+story+3+2010/46.mpg"


def send(topic: str, values: list[bytes], ids: list[str] | None = None) -> None:
    producer = Producer(load_kafka() | {"message.max.bytes": 8 << 20})
    for number, value in enumerate(values):
        headers: list[tuple[str, str | bytes | None]] = [("event-id", ids[number])] if ids else []
        producer.produce(topic, value, key=str(number % 7).encode(), headers=headers)
    assert producer.flush(30) == 0


def make_lines(count: int, user: int = 1) -> list[bytes]:
    return [LINE.format(second=n % 60, user=user + n).encode() for n in range(count)]


def make_event(number: int, **changes: Any) -> bytes:
    at = datetime.now(UTC).isoformat()
    event = {"event_id": f"e{number}", "event": "addPhoto", "id": number + 1, "user": 5, "path": f"/st/{number}.jpg"}
    return json.dumps(event | {"version": 1, "leader": "phone-1", "at": at} | changes).encode()


def ask(query: str, *values: object) -> list[tuple[Any, ...]]:
    return connect(read_only=True).execute(query, list(values)).fetchall()


def read_books(source: str) -> tuple[int, ...]:
    query = """SELECT sum(rows_read), sum(rows_written), sum(rows_quarantined), sum(rows_deduplicated)
               FROM ledger.books WHERE source = ? AND table_name LIKE '%.' || ?"""
    return ask(query, source, {"watch_events": "watch_minutes"}.get(source, source))[0]


def stage_and_check(source: str, run_id: str, publish: bool = False) -> None:
    run.stage_and_check(begin(source, run_id))
    if publish:
        publish_source(begin(source, run_id))


def expect(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Soon, not at once."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
