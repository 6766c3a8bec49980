"""Messages of a topic, bounded and without end, become rows exactly once."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts import find_stream
from contracts.settings import load_kafka
from steps.land import take_arrivals
from steps.leases import Leases, list_leased
from steps.parity import settle, take_sample, take_speed
from steps.publish import publish_source
from steps.replay import take_parked
from steps.stage import stage_source
from steps.stream import consume
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from warehouse.connection import connect
from warehouse.publish import Overtaken

pytestmark = pytest.mark.servers

LINE = "2026-11-01T13:44:{second:02},{user},GET /data/m/toy+story+3+2010/46.mpg"


def send(topic: str, values: list[bytes], ids: list[str] | None = None) -> None:
    producer = Producer(load_kafka() | {"message.max.bytes": 8 << 20})
    for number, value in enumerate(values):
        headers: list[tuple[str, str | bytes | None]] = [("event-id", ids[number])] if ids else []
        producer.produce(topic, value, key=str(number % 7).encode(), headers=headers)
    assert producer.flush(30) == 0


def spell_lines(count: int, user: int = 1) -> list[bytes]:
    return [LINE.format(second=n % 60, user=user + n).encode() for n in range(count)]


def spell_event(number: int, **changes: Any) -> bytes:
    at = datetime.now(UTC).isoformat()
    event = {"event_id": f"e{number}", "event": "addPhoto", "id": number + 1, "user": 5, "path": f"/st/{number}.jpg"}
    return json.dumps(event | {"version": 1, "leader": "phone-1", "at": at} | changes).encode()


def ask(query: str, *values: object) -> list[tuple[Any, ...]]:
    return connect(read_only=True).execute(query, list(values)).fetchall()


def read_books(source: str) -> tuple[int, ...]:
    query = """SELECT sum(rows_read), sum(rows_written), sum(rows_quarantined), sum(rows_deduplicated)
               FROM ledger.books WHERE source = ? AND table_name LIKE '%.' || ?"""
    return ask(query, source, {"watch_events": "watch_minutes"}.get(source, source))[0]


def test_bounded_run_reads_to_the_end_and_the_next_goes_on(lake: EmptyLake, topics: dict[str, str]) -> None:
    send(topics["photo_events"], [spell_event(n) for n in range(300)])
    main("photo_events", "first")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(300, 300)]
    assert take_arrivals("photo_events", "nothing")["objects"] == 0
    send(topics["photo_events"], [spell_event(n) for n in range(300, 310)])
    main("photo_events", "second")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(310, 310)]
    ranges = ask("SELECT partition, first_offset, next_offset FROM ledger.offsets ORDER BY ALL")
    for partition in {row[0] for row in ranges}:
        own = [row[1:] for row in ranges if row[0] == partition]
        assert own[0][0] == 0
        assert all(before[1] == after[0] for before, after in pairwise(own))


def test_copies_are_found_in_the_batch_and_among_what_is_published(lake: EmptyLake, topics: dict[str, str]) -> None:
    events = [spell_event(n) for n in range(50)]
    send(topics["photo_events"], events + events[:20])
    main("photo_events", "first")
    send(topics["photo_events"], [*events[::-1], spell_event(50)])
    main("photo_events", "second")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(51, 51)]
    assert read_books("photo_events") == (121, 51, 0, 70)


def test_poison_is_parked_with_its_place(lake: EmptyLake, topics: dict[str, str]) -> None:
    poison = {
        b"\xff\xfe": "no UTF-8",
        b"{": "",
        b"[1]": "",
        spell_event(1, event="paintPhoto"): "",
        spell_event(2, user="nobody"): "",
        b"x" * (2 << 20): "bytes, more than",
        b"\0\0\0\0\x63rest": "99",
    }
    send(topics["photo_events"], [spell_event(7), *poison, spell_event(8)])
    main("photo_events", "run")
    assert ask("SELECT count(*) FROM core.photo_events") == [(2,)]
    parked = ask("SELECT topic, partition, message_offset, reason FROM quarantine.photo_events")
    assert len({row[:3] for row in parked}) == len(poison)
    assert {row[0] for row in parked} == {topics["photo_events"]}
    for expected in poison.values():
        assert any(expected in row[3] for row in parked), (expected, parked)


def test_replay_takes_parked_messages_and_no_others(
    lake: EmptyLake, topics: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day on which the rules were too strict: the fix is that they are not any more."""
    with monkeypatch.context() as strict:
        from expectations.rules import expect_between

        strict.setattr("expectations.photo_events.build_rules", lambda known: [expect_between("photo_id", 1, 3, "few")])
        send(topics["photo_events"], [spell_event(n) for n in range(10)] + [b"no event"])
        main("photo_events", "strict")
    assert ask("SELECT count(*) FROM core.photo_events") == [(3,)]
    before = ask("SELECT event_id, raw_object FROM core.photo_events ORDER BY 1")
    assert take_parked("photo_events", "replay", "rule <> 'parse'")["messages"] == 7
    assert take_parked("photo_events", "other", "rule <> 'parse'")["messages"] == 7
    for run in ("replay", "other"):
        stage_and_check("photo_events", run)
    publish_source("photo_events", "replay", "test")
    with pytest.raises(Overtaken):
        publish_source("photo_events", "other", "test")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(10, 10)]
    assert ask("SELECT rule FROM quarantine.photo_events") == [("parse",)]
    assert set(before) <= set(ask("SELECT event_id, raw_object FROM core.photo_events"))


def test_a_rebuild_after_a_replay_doubles_nothing(
    lake: EmptyLake, topics: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as strict:
        from expectations.rules import expect_between

        strict.setattr("expectations.watch_minutes.build_rules", lambda known: [expect_between("user_id", 1, 5, "few")])
        send(topics["watch_events"], spell_lines(20))
        main("watch_events", "strict")
    assert take_parked("watch_events", "replay")["messages"] == 15
    stage_and_check("watch_events", "replay", publish=True)
    day = datetime(2026, 11, 1).date()
    assert take_arrivals("watch_events", "rebuild", day)["objects"] == 2
    stage_and_check("watch_events", "rebuild", publish=True)
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.watch_minutes") == [(20, 20)]
    assert count_layers("watch_minutes") == (20, 0)


def stage_and_check(source: str, run_id: str, publish: bool = False) -> None:
    from contracts import tables_of
    from steps.check import check_table

    stage_source(source, run_id)
    for table in tables_of(find_stream(source)):
        check_table(table.name, run_id)
    if publish:
        publish_source(source, run_id, "test")


def test_lines_go_to_the_speed_layer_until_recomputed(lake: EmptyLake, topics: dict[str, str]) -> None:
    values = [*spell_lines(30), b"2026-11-01T13:45,7,GET /rate/toy+story+3+2010=4", b"no line"]
    send(topics["watch_events"], values, [f"id{n}" for n in range(len(values))])
    main("watch_events", "speed")
    assert count_layers("watch_minutes") == (0, 30)
    assert count_layers("ratings") == (0, 1)
    parked = ask("SELECT raw_object, raw_line, reason FROM quarantine.watch_minutes")
    assert take_speed("watch_events", "early", datetime(2026, 1, 1))["objects"] == 0
    assert take_speed("watch_events", "batch", datetime.max)["objects"] == 1
    stage_core("watch_events", "batch")
    settled = settle("watch_events", "batch", "test")
    assert settled["differing"] == 0
    assert count_layers("watch_minutes") == (30, 0)
    assert count_layers("ratings") == (1, 0)
    assert ask("SELECT raw_object, raw_line, reason FROM quarantine.watch_minutes") == parked
    found = ask("SELECT rows_published, rows_recomputed, rows_missing, rows_surplus FROM ledger.parity")
    assert found == [(30, 30, 0, 0), (1, 1, 0, 0)]
    send(topics["watch_events"], values, [f"id{n}" for n in range(len(values))])
    main("watch_events", "copies")
    assert count_layers("watch_minutes") == (30, 0)


def test_parity_finds_and_repairs_what_was_tampered_with(lake: EmptyLake, topics: dict[str, str]) -> None:
    send(topics["photo_events"], [spell_event(n) for n in range(20)])
    main("photo_events", "run")
    con = connect()
    con.execute("DELETE FROM core.photo_events WHERE photo_id = 3")
    con.execute("UPDATE core.photo_events SET path = '/st/wrong.jpg' WHERE photo_id = 4")
    assert take_sample("photo_events", "sample", 2)["objects"] == 1
    stage_core("photo_events", "sample")
    assert settle("photo_events", "sample", "test")["differing"] == 1
    assert ask("SELECT rows_published, rows_recomputed, rows_missing, rows_surplus FROM ledger.parity") == [
        (19, 20, 2, 1)
    ]
    assert ask("SELECT count(*), count(DISTINCT path) FROM core.photo_events") == [(20, 20)]
    take_sample("photo_events", "again", 2)
    stage_core("photo_events", "again")
    assert settle("photo_events", "again", "test")["differing"] == 0


def stage_core(source: str, run_id: str) -> None:
    from contracts import tables_of
    from steps.check import check_table

    stage_source(source, run_id)
    for table in tables_of(find_stream(source), "core"):
        check_table(table.name, run_id)


def count_layers(table: str) -> tuple[int, int]:
    ((core,),) = ask(f"SELECT count(*) FROM core.{table}")
    ((speed,),) = ask(f"SELECT count(*) FROM speed.{table}")
    return core, speed


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


def wait_for(query: str, answer: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while (found := ask(query)) != answer:
        assert time.monotonic() < deadline, (found, answer)
        time.sleep(0.2)


def test_consumers_share_the_partitions(lake: EmptyLake, topics: dict[str, str]) -> None:
    """Two at a time, the first one leaves, a bounded run leaves their partitions alone."""
    first_lines: list[str] = []
    second_lines: list[str] = []
    with consuming("photo_events", second_lines):
        with consuming("photo_events", first_lines):
            for start in range(0, 400, 40):
                send(topics["photo_events"], [spell_event(n) for n in range(start, start + 40)])
            wait_for("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events", [(400, 400)])
            assert list_leased(find_stream("photo_events")) == {0, 1, 2, 3}
            assert take_arrivals("photo_events", "beside")["objects"] == 0
        send(topics["photo_events"], [spell_event(n) for n in range(400, 450)])
        wait_for("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events", [(450, 450)])
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


def expect(condition: Callable[[], bool], seconds: float = 60) -> None:
    """The server notices a moment later that a session has ended."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)

