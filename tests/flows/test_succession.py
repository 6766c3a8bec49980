"""What gives way to a log that has grown, where runs meet, decisions are followed or documents grow."""

import json
from datetime import date
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, decide, follow, publish_taken
from tests.flows.logs import land, make_log
from tests.runs import begin
from watershed.flows.ingest.land import find_arrivals, take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.warehouse.publish import Overtaken

pytestmark = pytest.mark.servers

COUNTS = "SELECT (SELECT count(*) FROM core.requests), (SELECT count(*) FROM quarantine.requests)"
UNBALANCED = """
    SELECT count(*) FROM ledger.books
    WHERE rows_read <> rows_written + rows_quarantined + rows_deduplicated + rows_filtered
"""


def test_documents_grow_too(lake: EmptyLake, tmp_path: Path) -> None:
    documents = [json.dumps({"id": f"p{n}", "title": "a title of some length " * 3}) + "\n" for n in range(40)]
    land(tmp_path, "".join(documents[:20]).encode(), "photos.ndjson", "photo_documents")
    main("photo_documents", "one")
    land(tmp_path, "".join(documents).encode(), "photos.ndjson", "photo_documents")
    main("photo_documents", "two")
    assert ask("SELECT count(*), count(DISTINCT document_id) FROM core.photo_documents") == [(40, 40)]


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
    take_arrivals(begin("access_logs", "again"), date(2015, 5, 22))
    publish_taken("access_logs", "again")
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
