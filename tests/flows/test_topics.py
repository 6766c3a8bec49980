"""Messages of a topic become rows exactly once: bounded runs, copies, poison, replay."""

from datetime import datetime
from itertools import pairwise

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.messages import ask, make_event, make_lines, read_books, send, stage_and_check
from tests.runs import begin
from watershed.declarations import find_stream
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.flows.streams.replay import take_parked
from watershed.flows.streams.state import read_state
from watershed.warehouse.publish import Overtaken

pytestmark = pytest.mark.servers


def test_bounded_run_reads_to_the_end_and_the_next_goes_on(lake: EmptyLake, topics: dict[str, str]) -> None:
    send(topics["photo_events"], [make_event(n) for n in range(300)])
    main("photo_events", "first")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(300, 300)]
    assert take_arrivals(begin("photo_events", "nothing"))["objects"] == 0
    send(topics["photo_events"], [make_event(n) for n in range(300, 310)])
    main("photo_events", "second")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(310, 310)]
    ranges = ask("SELECT partition, first_offset, next_offset FROM ledger.offsets ORDER BY ALL")
    for partition in {row[0] for row in ranges}:
        own = [row[1:] for row in ranges if row[0] == partition]
        assert own[0][0] == 0
        assert all(before[1] == after[0] for before, after in pairwise(own))


def test_copies_are_found_in_the_batch_and_among_what_is_published(lake: EmptyLake, topics: dict[str, str]) -> None:
    events = [make_event(n) for n in range(50)]
    send(topics["photo_events"], events + events[:20])
    main("photo_events", "first")
    send(topics["photo_events"], [*events[::-1], make_event(50)])
    main("photo_events", "second")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(51, 51)]
    assert read_books("photo_events") == (121, 51, 0, 70)


def test_copies_are_found_however_old_they_are_or_the_books_say_so(
    lake: EmptyLake, topics: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most events are of one old day, one is of today."""
    old = [make_event(n, at=f"2024-09-12T{n % 24:02}:{n % 60:02}:00Z") for n in range(60)]
    send(topics["photo_events"], [*old, make_event(60)])
    main("photo_events", "first")
    send(topics["photo_events"], [*old, make_event(61)])
    main("photo_events", "second")
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(62, 62)]
    assert read_books("photo_events") == (122, 62, 0, 60)
    assert read_state(find_stream("photo_events")).untold == []
    monkeypatch.setattr("watershed.flows.ingest.find_duplicates.MOST_ROWS", 30)
    send(topics["photo_events"], [*old, make_event(61)])
    main("photo_events", "third")
    told = ask("SELECT rows_failed, is_success, reason FROM ledger.checks WHERE rule = 'copies_told'")
    assert [row[:2] for row in told] == [(60, False)]
    assert "whether they are copies is not known" in told[0][2]
    assert read_state(find_stream("photo_events")).untold == [("core.photo_events", 60)]


def test_poison_is_parked_with_its_place(lake: EmptyLake, topics: dict[str, str]) -> None:
    poison = {
        b"\xff\xfe": "invalid UTF-8",
        b"{": "",
        b"[1]": "",
        make_event(1, event="paintPhoto"): "",
        make_event(2, user="nobody"): "",
        b"x" * (2 << 20): "bytes, more than",
        b"\0\0\0\0\x63rest": "99",
        make_event(3)[:-1] + b",}": "not JSON: ",
        make_event(4)[:-1] + b', "x": NaN}': "NaN is not a JSON value",
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}": "deeper than 500 levels",
    }
    last = make_event(8)[:-1] + b', "id": 1002}'
    send(topics["photo_events"], [make_event(7), *poison, last])
    main("photo_events", "run")
    assert ask("SELECT photo_id FROM core.photo_events ORDER BY 1") == [(8,), (1002,)]
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
        from watershed.quality.rules import expect_between

        strict.setattr("expectations.photo_events.build_rules", lambda known: [expect_between("photo_id", 1, 3, "few")])
        send(topics["photo_events"], [make_event(n) for n in range(10)] + [b"no event"])
        main("photo_events", "strict")
    assert ask("SELECT count(*) FROM core.photo_events") == [(3,)]
    before = ask("SELECT event_id, raw_object FROM core.photo_events ORDER BY 1")
    assert take_parked(begin("photo_events", "replay"), "rule <> 'parse'")["messages"] == 7
    assert take_parked(begin("photo_events", "other"), "rule <> 'parse'")["messages"] == 7
    for run in ("replay", "other"):
        stage_and_check("photo_events", run)
    publish_source(begin("photo_events", "replay"))
    with pytest.raises(Overtaken):
        publish_source(begin("photo_events", "other"))
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.photo_events") == [(10, 10)]
    assert ask("SELECT rule FROM quarantine.photo_events") == [("parse",)]
    assert set(before) <= set(ask("SELECT event_id, raw_object FROM core.photo_events"))


def test_a_rebuild_after_a_replay_doubles_nothing(
    lake: EmptyLake, topics: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as strict:
        from watershed.quality.rules import expect_between

        strict.setattr("expectations.watch_minutes.build_rules", lambda known: [expect_between("user_id", 1, 5, "few")])
        send(topics["watch_events"], make_lines(20))
        main("watch_events", "strict")
    assert take_parked(begin("watch_events", "replay"))["messages"] == 15
    stage_and_check("watch_events", "replay", publish=True)
    day = datetime(2026, 11, 1).date()
    assert take_arrivals(begin("watch_events", "rebuild"), day)["objects"] == 2
    stage_and_check("watch_events", "rebuild", publish=True)
    assert ask("SELECT count(*), count(DISTINCT event_id) FROM core.watch_minutes") == [(20, 20)]
    assert ask("SELECT count(*) FROM speed.watch_minutes") == [(0,)]
