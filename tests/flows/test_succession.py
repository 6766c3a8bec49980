"""A log that grows is counted once: what it was gives way to what it is, in one publish."""

import gzip
import json
import time
from datetime import date
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, decide, follow, publish_taken
from tests.flows.logs import land, make_log
from tests.runs import begin
from watershed.flows.decisions.refused_objects import find_refused_objects
from watershed.flows.ingest.land import find_arrivals, take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.flows.ingest.refuse import list_still_refused
from watershed.lake.store import open_store
from watershed.warehouse.publish import Overtaken

pytestmark = pytest.mark.servers

COUNTS = "SELECT (SELECT count(*) FROM core.requests), (SELECT count(*) FROM quarantine.requests)"
GIVEN_WAY = "SELECT object_name, superseded_by FROM ledger.objects WHERE superseded_by IS NOT NULL ORDER BY ALL"
ROWS_OF_DAYS = """
    SELECT sum(rows) FROM (SELECT arg_max(row_count, snapshot_id) AS rows FROM ledger.days GROUP BY raw_object, day)
"""
UNBALANCED = """
    SELECT count(*) FROM ledger.books
    WHERE rows_read <> rows_written + rows_quarantined + rows_deduplicated + rows_filtered
"""


def test_grown_log_takes_the_place_of_what_it_was(lake: EmptyLake, tmp_path: Path) -> None:
    """Its last line was half, in the middle of a character, at noon."""
    content = make_log(300) + b"caf\xc3\xa9\n" + make_log(400)
    noon = land(tmp_path, content[: len(make_log(300)) + 4])
    main("access_logs", "noon")
    assert ask(COUNTS) == [(300, 1)]
    midnight = land(tmp_path, content)
    assert open_store().head(midnight).continues == (noon,)
    main("access_logs", "midnight")
    assert ask(COUNTS) == [(700, 1)]
    assert ask(GIVEN_WAY) == [("access.log", midnight)]
    assert ask("SELECT raw_object FROM core.requests UNION SELECT raw_object FROM quarantine.requests") == [(midnight,)]
    assert ask("SELECT rows_read, rows_filtered FROM ledger.books WHERE run_id = 'midnight' ORDER BY 1") == [
        (301, 301),
        (701, 0),
    ]
    assert (ask(UNBALANCED), find_arrivals("access_logs")) == ([(0,)], [])


@pytest.mark.parametrize("is_one_run", [True, False])
def test_three_states_of_a_log(lake: EmptyLake, tmp_path: Path, is_one_run: bool) -> None:
    for count in (40, 80, 120):
        last = land(tmp_path, make_log(count), f"{count}.log")
        if not is_one_run:
            main("access_logs", f"run-{count}")
    main("access_logs", "last")
    assert ask("SELECT count(*), any_value(raw_object) FROM core.requests") == [(120, last)]
    assert ask(ROWS_OF_DAYS) == [(120,)]
    rebuild_all("again")
    assert ask(COUNTS) == [(120, 0)]


def rebuild_all(run_id: str) -> None:
    take_arrivals(begin("access_logs", run_id), date(2015, 5, 22))
    publish_taken("access_logs", run_id)


def test_packed_states_are_compared_by_what_is_inside(lake: EmptyLake, tmp_path: Path) -> None:
    """Plain, then packed, then a member appended, then packed anew."""
    states = (
        ("access.log", make_log(50)),
        ("access.log.gz", gzip.compress(make_log(60))),
        ("access.log.gz", gzip.compress(make_log(60)) + gzip.compress(make_log(90)[len(make_log(60)) :])),
        ("access.log.1.gz", gzip.compress(make_log(120), 1)),
    )
    for number, (name, content) in enumerate(states):
        land(tmp_path, content, name)
        main("access_logs", f"run-{number}")
        land(tmp_path, gzip.compress(content), f"copy-{number}.gz") if number == 0 else None
    main("access_logs", "copy")
    assert ask(COUNTS) == [(120, 0)]


def test_what_is_contained_in_what_is_there_changes_nothing(lake: EmptyLake, tmp_path: Path) -> None:
    whole = land(tmp_path, make_log(90))
    main("access_logs", "midnight")
    land(tmp_path, make_log(5))  # too little to say anything but by its name
    land(tmp_path, make_log(60), "noon.log")
    main("access_logs", "late")
    assert ask("SELECT count(*), any_value(raw_object) FROM core.requests") == [(90, whole)]
    assert ask(GIVEN_WAY) == [("access.log", whole), ("noon.log", whole)]
    assert find_arrivals("access_logs") == []


def test_others_are_left_alone(lake: EmptyLake, tmp_path: Path) -> None:
    """A header or a first line that others have too, a rotated log, another origin, one that is said to be separate."""
    header = b"#Fields: time c-ip cs-method cs-uri-stem sc-status\n"
    land(tmp_path, make_log(1), "web-1.log")
    land(tmp_path, make_log(30), "web-2.log")
    main("access_logs", "one")
    land(tmp_path, make_log(60, "/rotated"), "web-2.log")
    land(tmp_path, make_log(70), "access.log", origin="web-3")
    land(tmp_path, make_log(80), "access.log", is_separate=True)
    land(tmp_path, header, "header.log")
    main("access_logs", "two")
    assert ask("SELECT count(*) FROM core.requests") == [(1 + 30 + 60 + 70 + 80,)]
    assert ask(GIVEN_WAY) == []


def test_equal_logs_of_two_servers_are_two_objects(lake: EmptyLake, tmp_path: Path) -> None:
    keys = {land(tmp_path, make_log(3), origin=origin) for origin in ("web-1", "web-2", "web-2", None)}
    main("access_logs", "one")
    assert (len(keys), ask(COUNTS)) == (3, [(9, 0)])
    books = ask("SELECT origin, rows_written FROM ledger.books ORDER BY origin")
    assert books == [("web-1", 3), ("web-2", 3), (None, 3)]
    land(tmp_path, make_log(5), origin="web-2")
    main("access_logs", "two")
    assert ask(COUNTS) == [(11, 0)]


def test_lines_of_another_day_are_other_lines(lake: EmptyLake, tmp_path: Path) -> None:
    lines = [b"0%d:49:%02d 127.0.0.1 GET /img13.jpg 200\n" % (n // 60, n % 60) for n in range(90)]
    land(tmp_path, b"".join(lines[:60]), day=date(2026, 11, 1))
    main("access_logs", "one")
    land(tmp_path, b"".join(lines), day=date(2026, 11, 2))
    main("access_logs", "two")
    assert ask(COUNTS) == [(150, 0)]
    land(tmp_path, b"".join(lines), day=date(2026, 11, 1))
    main("access_logs", "three")
    assert ask(COUNTS) == [(180, 0)]


def test_documents_grow_too(lake: EmptyLake, tmp_path: Path) -> None:
    documents = [json.dumps({"id": f"p{n}", "title": "a title of some length " * 3}) + "\n" for n in range(40)]
    land(tmp_path, "".join(documents[:20]).encode(), "photos.ndjson", "photo_documents")
    main("photo_documents", "one")
    land(tmp_path, "".join(documents).encode(), "photos.ndjson", "photo_documents")
    main("photo_documents", "two")
    assert ask("SELECT count(*), count(DISTINCT document_id) FROM core.photo_documents") == [(40, 40)]


def test_objects_that_producers_put_there(lake: EmptyLake) -> None:
    """Without metadata, one of them too long to be measured before it has kin."""
    store = open_store()
    for name, count in (("noon", 900), ("evening", 1800), ("midnight", 2400)):
        key = f"raw/access_logs/web-7/{name}.log"
        store.client.put_object(Bucket=store.bucket, Key=key, Body=make_log(count))
        main("access_logs", name)
    assert ask("SELECT count(*), any_value(raw_object) FROM core.requests") == [(2400, key)]


def test_a_producer_writes_over_its_own_object(lake: EmptyLake) -> None:
    """The ledger knows the key, and not what is under it now."""
    store, key = open_store(), "raw/access_logs/web-7/access.log"
    for run, count in (("noon", 900), ("midnight", 2400)):
        store.client.put_object(Bucket=store.bucket, Key=key, Body=make_log(count))
        assert find_arrivals("access_logs") == [key]
        main("access_logs", run)
        assert (ask("SELECT count(*) FROM core.requests"), find_arrivals("access_logs")) == ([(count,)], [])
        time.sleep(1)  # S3 says in whole seconds when an object was written
    store.client.put_object(Bucket=store.bucket, Key=key, Body=b"no log\n")
    main("access_logs", "noise")
    assert [one.key for one in find_refused_objects()] == [key]
    assert take_arrivals(begin("access_logs", "again"), refused=True)["objects"] == 1
    assert ask(UNBALANCED) == [(0,)]


def test_refused_state_gives_way(lake: EmptyLake, tmp_path: Path) -> None:
    bad = b"".join(b"no line %d\n" % n for n in range(1500))
    noon = land(tmp_path, make_log(100) + bad)
    main("access_logs", "noon")
    midnight = land(tmp_path, make_log(100) + bad + make_log(20_000))
    main("access_logs", "midnight")
    assert ask(COUNTS) == [(20_100, 1500)]
    assert ask(GIVEN_WAY) == [("access.log", midnight)]
    assert list_still_refused("access_logs", "noon") == {}
    assert noon != midnight


def test_refused_successor_leaves_what_is_published(lake: EmptyLake, tmp_path: Path) -> None:
    bad = b"".join(b"no line %d\n" % n for n in range(1500))
    land(tmp_path, make_log(100))
    main("access_logs", "noon")
    evening = land(tmp_path, make_log(150))
    midnight = land(tmp_path, make_log(150) + bad)
    main("access_logs", "midnight")
    assert ask(COUNTS) == [(100, 0)]
    assert find_arrivals("access_logs") == [evening]  # in that run it gave way to what was refused
    main("access_logs", "next")
    assert ask("SELECT count(*), any_value(raw_object) FROM core.requests") == [(150, evening)]
    accept = decide("accept", "access_logs", {"source": "access_logs", "objects": [midnight]})
    follow(accept, "accept-1")
    assert ask(COUNTS) == [(150, 1500)]
    assert ask("SELECT DISTINCT raw_object FROM core.requests") == [(midnight,)]


def test_rollback_brings_the_state_back_and_a_rebuild_the_log(lake: EmptyLake, tmp_path: Path) -> None:
    land(tmp_path, make_log(100))
    main("access_logs", "noon")
    (before,) = ask("SELECT id FROM ducklake_current_snapshot('lake')")[0]
    land(tmp_path, make_log(150))
    main("access_logs", "midnight")
    follow(decide("rollback", "core.requests", {"version": before}), "back")
    assert ask(COUNTS) == [(100, 0)]
    rebuild_all("again")
    assert (ask(COUNTS), ask(UNBALANCED)) == ([(150, 0)], [(0,)])


def test_slow_run_does_not_bring_back_what_gave_way(lake: EmptyLake, tmp_path: Path) -> None:
    """It had taken the log of noon before another run published that of midnight. A publish may be repeated."""
    land(tmp_path, make_log(40))
    take_arrivals(begin("access_logs", "slow"))
    land(tmp_path, make_log(60))
    main("access_logs", "fast")
    with pytest.raises(Overtaken):
        publish_taken("access_logs", "slow")
    assert ask(COUNTS) == [(60, 0)]
    land(tmp_path, make_log(80))
    take_arrivals(begin("access_logs", "twice"))
    published = publish_taken("access_logs", "twice")
    assert publish_source(begin("access_logs", "twice")) == published
    assert ask(COUNTS) == [(80, 0)]
