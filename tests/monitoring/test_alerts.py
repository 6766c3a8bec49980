"""Something is broken for each alert: it is told once, and told once more when it is over."""

from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import decide, follow, write_log
from tests.flows.messages import ask, make_event, make_lines, send, stage_and_check
from tests.flows.shop import open_shop
from tests.monitoring.desk import Desk, Watch
from tests.monitoring.figures import send_runs
from tests.runs import begin
from watershed.declarations import find_table
from watershed.flows.ingest.check import check_table
from watershed.flows.ingest.land import land_file, take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.flows.ingest.refuse import PublishBlocked
from watershed.flows.ingest.stage import stage_source
from watershed.flows.marts import build_stale_marts
from watershed.flows.streams.parity import settle, take_sample
from watershed.lake.store import open_store, step_key
from watershed.monitoring.rules import RULES
from watershed.settings import load_settings
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import BooksUnbalanced, hold_lock, read_snapshot

pytestmark = pytest.mark.servers

ONCE = ["firing", "resolved"]


def test_freshness_broken(watch: Watch, desk: Desk, tmp_path: Path) -> None:
    """A file that nobody publishes; then marts that nobody builds."""
    land_file("access_logs", write_log(tmp_path / "fresh", 1))
    watch.look(hours=20)
    assert desk.posts == []
    watch.look(hours=30)
    assert desk.heard("freshness_broken", "core.requests") == ["firing"]
    assert "its contract allows 24 hours" in desk.posts[0]["sentence"]
    main("access_logs", "fresh")
    watch.look()
    assert desk.heard("freshness_broken", "core.requests") == ONCE
    watch.look(hours=2)
    assert desk.heard("freshness_broken", "mart.traffic_hourly") == ["firing"]
    build_stale_marts("marts")
    watch.look(hours=2)
    assert desk.heard("freshness_broken", "mart.traffic_hourly") == ONCE


def test_books_unbalanced(watch: Watch, desk: Desk, tmp_path: Path) -> None:
    """A transform that forgets a row; then books in the ledger that nobody has checked."""
    land_file("access_logs", write_log(tmp_path / "books", 2))
    take_arrivals(begin("access_logs", "books"))
    stage_source(begin("access_logs", "books"))
    change_manifest("books", "stage", lambda staged: count_one_more(staged["tables"]["requests"]["tallies"]))
    check_table(begin("access_logs", "books"), find_table("requests"))
    with pytest.raises(BooksUnbalanced):
        publish_source(begin("access_logs", "books"))
    watch.look()
    assert desk.heard("books_unbalanced", "access_logs") == ["firing"]
    main("access_logs", "repaired")
    watch.look()
    assert desk.heard("books_unbalanced", "access_logs") == ONCE
    con = connect()
    con.execute(f"""INSERT INTO ledger.books BY NAME SELECT * REPLACE (rows_read + 5 AS rows_read,
        {read_snapshot(con) + 1} AS snapshot_id) FROM ledger.books WHERE run_id = 'repaired'""")
    watch.look()
    assert desk.heard("books_unbalanced", "core.requests") == ["firing"]
    con.execute(f"""INSERT INTO ledger.books BY NAME SELECT * REPLACE ({read_snapshot(con) + 1} AS snapshot_id)
        FROM ledger.books WHERE run_id = 'repaired' AND rows_read < 8""")
    watch.look()
    assert desk.heard("books_unbalanced", "core.requests") == ONCE


def test_objects_refused(watch: Watch, desk: Desk, tmp_path: Path) -> None:
    """Files of which most is no line; then one is published after all, and a person leaves the other."""
    bad = [land_file("access_logs", write_log(tmp_path / name, 3, bad=1500)).key for name in ("bad", "worse")]
    main("access_logs", "refused")
    watch.look()
    assert desk.heard("objects_refused") == ["firing"]
    assert "2 objects of access_logs are not published: 1,500 of 1,503 rows" in desk.posts[0]["sentence"]
    assert desk.posts[0]["runbook"].endswith("#objects_refused")
    decide("leave", "access_logs", {"source": "access_logs", "objects": bad[:1]})
    watch.look()
    assert desk.heard("objects_refused") == ["firing"]
    follow(decide("accept", "access_logs", {"source": "access_logs", "objects": bad[1:]}), "accepted")
    watch.look()
    assert desk.heard("objects_refused") == ONCE
    assert desk.heard("quarantine_high", "core.requests") == ["firing"]


def test_database_returned(module_lake: EmptyLake, watch: Watch, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop(module_lake, monkeypatch)
    shop.run()
    shop.pretend("pg_catalog.pg_current_wal_lsn()", "'0/10'")
    shop.run()
    watch.look()
    assert desk.heard("database_returned", "shop") == ["firing"]
    shop.change("update articles set amount = 7")
    shop.run()
    watch.look()
    assert desk.heard("database_returned", "shop") == ONCE


def test_stream_alerts(module_topics: dict[str, str], watch: Watch, desk: Desk) -> None:
    """Messages that nobody reads, then more of them, then all are published, most of them bad."""
    send(module_topics["watch_events"], make_lines(30))
    watch.look()
    watch.look(minutes=3)
    assert desk.heard("stream_stalled") == ["firing"]
    assert desk.heard("lag_growing") == []
    send(module_topics["watch_events"], [b"no line"] * 70)
    watch.look(minutes=4)
    assert desk.heard("lag_growing") == ["firing"]
    assert "100 messages of watch_events are waiting" in desk.posts[-1]["sentence"]
    main("watch_events", "speed")
    watch.look(minutes=5)
    assert (desk.heard("stream_stalled"), desk.heard("lag_growing")) == (ONCE, ONCE)
    assert desk.heard("quarantine_high", "speed.watch_minutes") == ["firing"]
    watch.look(hours=3)
    assert desk.heard("quarantine_high", "speed.watch_minutes") == ONCE


def test_publish_blocked(module_topics: dict[str, str], watch: Watch, desk: Desk) -> None:
    send(module_topics["photo_events"], [make_event(n) for n in range(3)])
    take_arrivals(begin("photo_events", "blocked"))
    stage_and_check("photo_events", "blocked")
    change_manifest("blocked", "check_photo_events", lambda report: report.update(blocked="a column is missing"))
    with pytest.raises(PublishBlocked):
        publish_source(begin("photo_events", "blocked"))
    watch.look()
    assert desk.heard("publish_blocked") == ["firing"]
    change_manifest("blocked", "check_photo_events", lambda report: report.update(blocked=None))
    publish_source(begin("photo_events", "blocked"))
    watch.look()
    assert desk.heard("publish_blocked") == ONCE


def test_parity_differs(module_topics: dict[str, str], watch: Watch, desk: Desk) -> None:
    send(module_topics["photo_events"], [make_event(n) for n in range(10, 20)])
    main("photo_events", "events")
    connect().execute("DELETE FROM core.photo_events WHERE photo_id = 14")
    compare("tampered")
    watch.look()
    assert desk.heard("parity_differs") == ["firing"]
    compare("again")
    watch.look()
    assert desk.heard("parity_differs") == ONCE


def test_publishes_queue(watch: Watch, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told although the lock is held that a row of the ledger needs; written when it is free."""
    monkeypatch.setattr("watershed.monitoring.rules.servers.PATIENCE", timedelta(seconds=0.2))
    monkeypatch.setattr("watershed.warehouse.alerts.WRITE_WAIT_S", 0.2)
    monkeypatch.setattr("watershed.warehouse.alerts.write_alerts.__defaults__", (None, 0.2))
    settings = load_settings()
    waiting = Thread(target=raise_alert, args=("publish_blocked", "nothing", "a publish that waits"))
    with hold_lock(settings):
        waiting.start()
        watch.look()
        while watch.watcher.reading.queue.longest_s < 0.3:
            watch.look()
        assert desk.heard("publishes_queue") == ["firing"]
        assert "queued for the lake lock" in desk.posts[0]["sentence"]
    waiting.join()
    watch.look()
    assert desk.heard("publishes_queue") == ONCE
    rows = ask("SELECT state, delivered_at IS NOT NULL FROM ledger.alerts WHERE rule = 'publishes_queue' ORDER BY ALL")
    assert ("resolved", True) in rows
    main("photo_events", "nothing to do")
    connect().execute("DELETE FROM ledger.alerts WHERE subject = 'nothing'")


def test_runs_failing(watch: Watch, desk: Desk) -> None:
    send_runs(watch.otlp, "ingest_access_logs", "failed")
    watch.look()
    assert desk.heard("runs_failing") == []
    send_runs(watch.otlp, "ingest_access_logs", "failed")
    watch.look()
    assert desk.heard("runs_failing", "ingest_access_logs") == ["firing"]
    send_runs(watch.otlp, "ingest_access_logs", "success")
    watch.look()
    assert desk.heard("runs_failing", "ingest_access_logs") == ONCE


def test_deadline_missed(watch: Watch, desk: Desk) -> None:
    raise_alert("deadline_missed", "ingest_accounts", "the run x is running 120 minutes after it was queued")
    raise_alert("deadline_missed", "ingest_accounts", "the run x is running 120 minutes after it was queued")
    watch.look()
    assert desk.heard("deadline_missed", "ingest_accounts") == ["firing"]
    send_runs(watch.otlp, "ingest_accounts", "success")
    watch.look()
    assert desk.heard("deadline_missed", "ingest_accounts") == ONCE


def test_airflow_unwell(watch: Watch, desk: Desk) -> None:
    desk.health = {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}}
    watch.look()
    watch.look(minutes=1)
    assert desk.posts == []
    watch.look(minutes=3)
    assert desk.heard("airflow_unwell") == ["firing"]
    desk.health["scheduler"]["status"] = "healthy"
    watch.look(minutes=4)
    assert desk.heard("airflow_unwell") == ONCE


def test_lake_unreadable(watch: Watch, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told while nothing can be written, and written when the lake is back."""
    with monkeypatch.context() as patch:
        patch.setenv("WATERSHED_CATALOG_URL", "postgresql://nobody:nothing@127.0.0.1:1/none")
        watch.look()
        watch.look(minutes=3)
        assert desk.heard("lake_unreadable") == ["firing"]
    watch.look(minutes=4)
    assert desk.heard("lake_unreadable") == ONCE
    assert ask("SELECT count(DISTINCT alert_id) FROM ledger.alerts WHERE rule = 'lake_unreadable'") == [(1,)]


def test_every_rule_is_broken_here_or_beside() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in RULES if f'"{name}"' not in text] == []


def change_manifest(run_id: str, step: str, change: Any) -> None:
    store, key = open_store(), step_key(run_id, step)
    manifest = store.read_json(key)
    change(manifest)
    store.write_json(key, manifest)


def count_one_more(tallies: dict[str, dict[str, int]]) -> None:
    for tally in tallies.values():
        tally["read"] += 1


def compare(name: str) -> None:
    run_id = f"{name}.sample_photo_events"
    take_sample(begin("photo_events", run_id), 2)
    stage_and_check("photo_events", run_id)
    settle(begin("photo_events", run_id))
