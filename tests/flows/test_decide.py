"""Decisions about quarantine and refused objects: recorded with who and why, carried out once, nothing lost unseen."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, choose_rows, decide, follow, ingest_decided, rebuild, write_log
from tests.messages import send
from watershed.flows.decisions.decide import About, list_accepted, record_decision
from watershed.flows.ingest.land import find_arrivals, land_file
from watershed.quality.rules import expect_that
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

COUNTS = "SELECT (SELECT count(*) FROM core.requests), (SELECT count(*) FROM quarantine.requests)"
BOOKS = """
    SELECT object_name, rows_read, rows_written, rows_quarantined, rows_filtered FROM ledger.latest_books ORDER BY 1
"""
OUTCOMES = "SELECT decision_id, row_count FROM ledger.outcomes ORDER BY snapshot_id"


def test_reason_is_asked_for(lake: EmptyLake) -> None:
    with pytest.raises(ValueError, match="say why"):
        record_decision("drop", "quarantine.requests", About(), "  ", "anna")
    assert ask("SELECT count(*) FROM ledger.decisions") == [(0,)]


def test_dropped_rows_are_counted_and_stay_away(lake: EmptyLake, tmp_path: Path) -> None:
    land_file("access_logs", write_log(tmp_path / "first", 1, bad=2))
    main("access_logs", "one")
    chosen = choose_rows("requests", "access_logs", "parse")
    land_file("access_logs", write_log(tmp_path / "second", 2, bad=1))  # after the person looked
    main("access_logs", "two")
    drop = decide("drop", "quarantine.requests", chosen, "scanners,  we know\nthem")
    assert follow(drop, "drop-1").change.rows == 2
    assert ask(COUNTS) == [(6, 1)]
    assert follow(drop, "drop-2").is_done
    assert ask(OUTCOMES) == [(drop, 2)]
    (message,) = ask("SELECT commit_message FROM ducklake_snapshots('lake') ORDER BY snapshot_id DESC LIMIT 1")
    assert message[0].endswith("because scanners, we know them")
    rebuild("access_logs", "again", 1)
    assert ask(COUNTS) == [(6, 1)]
    assert ask(BOOKS) == [("first-2026-11-01.log", 5, 3, 0, 2), ("second-2026-11-02.log", 4, 3, 1, 0)]
    follow(decide("replay", "quarantine.requests", choose_rows("requests", "access_logs", "parse")), "replay-1")
    assert ask(COUNTS) == [(6, 1)]


def test_replayed_objects_pass_after_a_fix(lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land_file("access_logs", write_log(tmp_path / "first", 1))
    land_file("access_logs", write_log(tmp_path / "clean", 2))
    with monkeypatch.context() as strict:
        mistaken = expect_that("path", "path <> '/first' OR raw_line = 1", "a rule that is a mistake")
        strict.setattr("expectations.requests.build_rules", lambda known: [mistaken])
        main("access_logs", "one")
    assert ask(COUNTS) == [(4, 2)]
    replay = decide("replay", "quarantine.requests", choose_rows("requests", "access_logs", "satisfy:path"))
    assert follow(replay, "r-1").source == "access_logs"
    assert (ask(COUNTS), ask(OUTCOMES)) == ([(6, 0)], [(replay, 2)])
    (again,) = ask("SELECT object_name FROM ledger.books WHERE run_id = 'ingest.r-1'")
    assert again[0].startswith("first")  # the clean object was left alone
    snapshot = ask("SELECT id FROM ducklake_current_snapshot('lake')")
    assert ingest_decided("access_logs", replay, "r-2") is None
    assert ask("SELECT id FROM ducklake_current_snapshot('lake')") == snapshot


def test_replayed_messages_leave_their_place(lake: EmptyLake, topics: dict[str, str]) -> None:
    send(topics["photo_events"], [b"no event", b"[1]"])
    main("photo_events", "one")
    chosen = choose_rows("photo_events", "photo_events", "parse")
    reasons = ask("SELECT reason FROM quarantine.photo_events ORDER BY reason")
    replay = decide("replay", "quarantine.photo_events", chosen | {"reason": reasons[0][0], "rows": 1})
    follow(replay, "r-1")
    assert ask(OUTCOMES) == [(replay, 1)]
    assert ask("SELECT count(*), count(DISTINCT raw_object) FROM quarantine.photo_events") == [(2, 2)]
    assert ask("SELECT sum(rows_quarantined), sum(rows_filtered) FROM ledger.latest_books") == [(2, 1)]
    assert ask("SELECT is_dropped, reason FROM ledger.departed_lines") == [(False, reasons[0][0])]


def test_refused_object_is_published_all_the_same(lake: EmptyLake, tmp_path: Path) -> None:
    key = land_file("access_logs", write_log(tmp_path / "bad", 1, good=100, bad=1500)).key
    main("access_logs", "one")
    assert ask(COUNTS) == [(0, 0)]
    leave = decide("leave", "access_logs", {"source": "access_logs", "objects": [key]})
    assert ask(OUTCOMES) == [(leave, 0)]
    accept = decide("accept", "access_logs", {"source": "access_logs", "objects": [key]})
    follow(accept, "a-1")
    assert ask(COUNTS) == [(100, 1500)]
    assert ask("SELECT rows_read, rows_written, rows_quarantined FROM ledger.books") == [(1600, 100, 1500)]
    assert ask("SELECT actor FROM ledger.publishes") == [("anna",)]
    assert find_arrivals("access_logs") == []
    rebuild("access_logs", "later", 1)  # once accepted is accepted
    assert ask(COUNTS) == [(100, 1500)]
    assert list_accepted(connect(), "access_logs") == {key}


def test_what_cannot_be_read_stays_refused(lake: EmptyLake, tmp_path: Path) -> None:
    broken = tmp_path / "broken-2026-11-01.log.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00 no gzip")
    key = land_file("access_logs", broken).key
    main("access_logs", "one")
    with pytest.raises(ValueError, match=r"it would be refused again, .* is a gzip file that was cut off"):
        decide("accept", "access_logs", {"source": "access_logs", "objects": [key]})
    assert ask("SELECT count(*) FROM ledger.decisions") == [(0,)]
    assert ask("SELECT count(*) FROM ledger.refusals") == [(1,)]


def test_nothing_left_is_an_outcome(lake: EmptyLake, tmp_path: Path) -> None:
    """Two people decide about the same rows: the second decision finds none."""
    land_file("access_logs", write_log(tmp_path / "first", 1, bad=2))
    main("access_logs", "one")
    chosen = choose_rows("requests", "access_logs", "parse")
    drop = decide("drop", "quarantine.requests", chosen)
    replay = decide("replay", "quarantine.requests", chosen)
    follow(drop, "d")
    follow(replay, "r")
    assert ask(OUTCOMES) == [(drop, 2), (replay, 0)]
    with pytest.raises(ValueError, match="nothing for access_logs"):
        ingest_decided("access_logs", drop, "x")
