"""Health: what fires, the four signals of each step, and that nobody watches when nobody does."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cockpit.health import STEPS, TaskRun, measure_steps, name_step
from lake.store import open_store, spell_reading_key
from steps.land import land_file
from tests.cockpit.conftest import Browse
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.steps.decisions import write_log
from warehouse.alerts import raise_alert
from warehouse.ledger import utc_now

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
    write_reading(utc_now() - timedelta(minutes=5))
    assert "The monitor looked last 5 min ago" in site.get("health").text
    write_reading(utc_now())
    fragment = site.get("health", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "1,234" in fragment and "2 publishes wait" in fragment
    assert "looked last" not in fragment


def write_reading(at: datetime) -> None:
    stream = {"name": "watch_events", "lag": 1234, "lags": [1, 1234], "waiting_since": str(at), "readers": 0}
    stream |= {"problem": None, "failing": [], "is_continuous": True}
    queue = {"waiting": 2, "longest_s": 12.5}
    about = {"at": at, "streams": [stream], "queue": queue, "lake_problem": None, "airflow_problem": None}
    open_store().write_json(spell_reading_key(), about)


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
