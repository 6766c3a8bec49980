"""Health: what fires, the four signals of each step, and that nobody watches when nobody does."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cockpit.conftest import Browse
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import write_log
from watershed.cockpit.guards import Rights
from watershed.cockpit.outages import ASKED
from watershed.cockpit.questions.health import STEPS, TaskRun, measure_steps, name_step
from watershed.flows.ingest.land import land_file
from watershed.monitoring.reading import Queue, Reading, Service, StreamReading
from watershed.monitoring.state import MonitorState, describe_state, parse_state
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.ledger.history import utc_now

pytestmark = pytest.mark.servers


def test_the_page_shows_what_fires_and_how_steps_are(lake: EmptyLake, browse: Browse, tmp_path: Path) -> None:
    land_file("access_logs", write_log(tmp_path / "a", 1))
    main("access_logs", "run")
    raise_alert("runs_failing", "ingest_access_logs", "the last 3 runs <of> it failed")
    site = browse()
    page = site.get("health").text
    assert "No monitor has looked at this lake yet" in page
    assert "the last 3 runs &lt;of&gt; it failed" in page
    assert "Open the DAG, then the red task" in page  # what the runbook says
    assert "nobody was told" in page
    assert all(f'<th scope="row">{step}</th>' in page for step in STEPS)
    asked = {"rule": "runs_failing", "subject": "ingest_access_logs"}
    assert "Nobody is told of it until then" in site.get("health/snooze", params=asked).text
    assert site.post("health/snooze", data=asked | {"hours": "4", "reason": " "}).status_code == 422
    page = site.post("health/snooze", data=asked | {"hours": "4", "reason": "we <know>"}).text
    assert "1 of them snoozed" in page and "Snoozed by ada" in page and "we &lt;know&gt;" in page
    assert "runs_failing, snoozed" in site.get("attention").text
    assert "1 of them snoozed" not in site.post("health/snooze", data=asked | {"hours": "0", "reason": "x"}).text
    assert browse(Rights()).get("health").text.count("health/snooze") == 0


def test_the_page_shows_what_a_monitor_has_left(
    lake: EmptyLake, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = StreamReading("watch_events", True, lag=1234, lags=(1, 1234), waiting_since=utc_now())
    left = Reading(utc_now() - timedelta(minutes=5), utc_now(), streams=(stream,), queue=Queue(2, 12.5))
    monkeypatch.setattr("watershed.cockpit.outages.read_state", lambda: leave(left, is_answering=False))
    page = browse().get("health").text
    assert "No monitor has answered since" in page and ">5 min ago</time>)" in page
    monkeypatch.setattr("watershed.cockpit.outages.read_state", lambda: leave(left, is_answering=True))
    monkeypatch.setattr(ASKED, "monitor", None)
    monkeypatch.setattr(ASKED, "servers", None)
    fragment = browse().get("health", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "1,234" in fragment and "2 publishes are queued" in fragment
    assert "no consumer runs: nobody reads" in fragment
    assert "No monitor" not in fragment and "✓ catalogue" in fragment


def leave(reading: Reading, is_answering: bool) -> MonitorState:
    told = json.loads(json.dumps(describe_state(reading, []), default=str))
    services = (Service("catalogue"),) if is_answering else ()
    return replace(parse_state(told, True), is_answering=is_answering, services=services)


def test_four_signals_of_a_step(lake: EmptyLake, browse: Browse) -> None:
    now = utc_now()
    ran = [("success", 2.0, 1.0), ("success", 4.0, 1.0), ("failed", 6.0, 9.0)]
    tasks = [TaskRun("ingest_accounts", "check_users", s, now - timedelta(minutes=90), took, w) for s, took, w in ran]
    tasks.append(TaskRun("detect_arrivals", "find_arrivals", "failed", now, 1.0, 1.0))
    tasks.append(TaskRun("ingest_accounts", "check_users", "skipped", now, 0.0, 0.0))
    browse()
    steps = {one.step: one for one in measure_steps(tasks, now)}
    check = steps["check"]
    assert (check.runs, check.failed, check.usual_s, check.hourly[-2]) == (3, 1, 4.0, 3)
    assert check.slow_s == pytest.approx(5.8)
    assert check.wait_s == pytest.approx(8.2)
    assert steps["land"].runs == 0 and steps["land"].usual_s is None
    assert name_step("build_marts", "anything") == "marts"
    assert name_step("ingest_accounts", "report_refused") is None
