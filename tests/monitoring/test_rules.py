"""Rules that need no lake to be broken: a reading is enough."""

from datetime import datetime, timedelta

import pytest

from watershed.declarations.table import Budget
from watershed.monitoring.reading import DeadConsumer, Reading, Service, SourceReading, StreamReading, TableReading
from watershed.monitoring.rules import find_all

NOW = datetime(2026, 11, 27, 12)
HOUR = timedelta(hours=1)


def find(reading: Reading, rule: str) -> list[tuple[str, str]]:
    return [(subject, one.sentence) for (name, subject), one in find_all(reading).items() if name == rule]


@pytest.mark.parametrize(("consumers", "others"), [(0, "nobody reads the stream"), (2, "2 others read on")])
def test_consumer_dead(consumers: int, others: str) -> None:
    stream = StreamReading("watch_events", True, consumers=consumers, dead=(DeadConsumer("host-7", NOW - HOUR),))
    [(subject, sentence)] = find(Reading(NOW, NOW - HOUR, streams=(stream,)), "consumer_dead")
    assert subject == "watch_events"
    assert "dead since 2026-11-27 11:00 UTC" in sentence and others in sentence


@pytest.mark.parametrize(("silence", "fires"), [(23 * HOUR, False), (24 * HOUR, False), (25 * HOUR, True)])
def test_producer_silent(silence: timedelta, fires: bool) -> None:
    source = SourceReading("access_logs", 24 * HOUR, silence, NOW - silence)
    found = find(Reading(NOW, NOW, sources=(source,)), "producer_silent")
    assert [subject for subject, _ in found] == ["access_logs"] * fires
    assert all("last sent something at 2026-11-26 11:00 UTC" in sentence for _, sentence in found)


def test_a_table_is_late_by_what_waits_and_not_by_its_last_publish() -> None:
    old = TableReading("core.photo_events", timedelta(minutes=5), Budget(), published_at=NOW - 300 * HOUR)
    waits = TableReading("core.requests", HOUR, Budget(), waiting_since=NOW - 2 * HOUR)
    reading = Reading(NOW, NOW - 24 * HOUR, tables=(old, waits))
    assert [subject for subject, _ in find(reading, "freshness_broken")] == ["core.requests"]
    assert reading.find_freshness(waits).measure_delay(NOW) == HOUR
    assert not reading.find_freshness(old).is_late(NOW)
    woken = Reading(NOW, NOW, tables=(waits,))  # a laptop that was off wakes up in peace
    assert find(woken, "freshness_broken") == []


def test_airflow_that_was_ill_before_anybody_looked_is_given_time() -> None:
    ill = (Service("scheduler", "Airflow says that it is not healthy", NOW - 9 * HOUR),)
    assert find(Reading(NOW, NOW, services=ill), "airflow_unwell") == []
    assert find(Reading(NOW, NOW - HOUR, services=ill), "airflow_unwell") != []
