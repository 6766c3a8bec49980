"""Consumers without end share a topic's partitions."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.empty_lake import EmptyLake
from tests.flows.messages import ask, expect, make_event, send
from tests.runs import begin
from watershed.declarations import find_stream
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.streams.consume import consume
from watershed.flows.streams.leases import Leases, list_leased

pytestmark = pytest.mark.servers

COUNT = "SELECT count(*), count(DISTINCT event_id) FROM core.photo_events"


@contextmanager
def consuming(stream: str, lines: list[str]) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=consume, args=(find_stream(stream), stop, lines.append, 0.3))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_consumers_share_the_partitions(lake: EmptyLake, topics: dict[str, str]) -> None:
    """Two at a time, the first one leaves, a bounded run leaves their partitions alone."""
    first_lines: list[str] = []
    second_lines: list[str] = []
    with consuming("photo_events", second_lines):
        with consuming("photo_events", first_lines):
            for start in range(0, 400, 40):
                send(topics["photo_events"], [make_event(n) for n in range(start, start + 40)])
            expect(lambda: ask(COUNT) == [(400, 400)])
            assert list_leased(find_stream("photo_events")) == {0, 1, 2, 3}
            assert take_arrivals(begin("photo_events", "beside"))["objects"] == 0
        send(topics["photo_events"], [make_event(n) for n in range(400, 450)])
        expect(lambda: ask(COUNT) == [(450, 450)])
    assert any("2 of 4" in line for line in first_lines), first_lines
    assert any("4 of 4" in line for line in second_lines), second_lines
    expect(lambda: list_leased(find_stream("photo_events")) == set())
    late = ask("SELECT sum(row_count), max(late_max_s) FROM ledger.lateness WHERE table_name = 'core.photo_events'")
    assert late[0][0] == 450
    assert 0 < late[0][1] < 60


def test_leases_end_with_their_session(lake: EmptyLake) -> None:
    stream = find_stream("photo_events")
    with Leases(stream) as one:
        assert one.settle([0, 1, 2]) == {0, 1, 2}
        with Leases(stream) as two, Leases(stream) as three:
            for _ in range(3):
                held = [leases.settle([0, 1, 2]) for leases in (one, two, three)]
            assert sorted(map(len, held)) == [1, 1, 1]
            assert set().union(*held) == {0, 1, 2}
        expect(lambda: one.settle([0, 1, 2]) == {0, 1, 2})
    expect(lambda: list_leased(stream) == set())
