"""The main path through the real scheduler: a log or a message arrives, its table and marts follow, days are rebuilt.

The tests of this file read what the ones before them did, as a user's day would: they run in order or not at all.
"""

import gzip
import re
import shlex
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import psycopg
import pytest

from sample.demo import fill_accounts, generate_sample
from tests.airflow_server import wake
from tests.checkout import REPOSITORY, Checkout
from tests.docs.page import read_blocks, split_console
from tests.messages import make_photo_event, send
from tests.stack.listening import list_listening, list_open
from watershed.cli.run_airflow import run_airflow
from watershed.declarations import find_stream
from watershed.flows.ingest.land import land_file
from watershed.settings import topic_name
from watershed.stack.airflow import COMPONENTS
from watershed.stack.airflow_api import AirflowApi, DagRun
from watershed.stack.home import Home, read_ports
from watershed.stack.postgres import database_url
from watershed.stack.servers import start_consumers, stop_consumers
from watershed.warehouse.connection import connect
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.staleness import find_stale_days

pytestmark = pytest.mark.servers

SAMPLE = REPOSITORY / "sample" / "access_logs" / "elastic_apache.log.gz"
DAYS = ["2015-05-17", "2015-05-18"]  # of four: each is a run of the marts, again and again
ROWS, ICONS = 4_525, 327  # of these days, as `grep` counts them
INGEST = "ingest_access_logs"
T = TypeVar("T")


@pytest.fixture(scope="module")
def first_run(airflow: AirflowApi, tmp_path_factory: pytest.TempPathFactory) -> DagRun:
    """The run that published a log of two days, with a line of no form."""
    log = tmp_path_factory.mktemp("logs") / "two_days.log"
    lines = re.findall(rb".*\[1[78]/May/2015.*\n", gzip.decompress(SAMPLE.read_bytes()))
    log.write_bytes(b"".join([*lines, b"no line of any form\n"]))
    land_file("access_logs", log)
    return airflow.wait(airflow.trigger(INGEST))


def test_airflow_listens_where_it_asks_who_somebody_is(airflow: AirflowApi, stack: Home) -> None:
    """Its one port on loopback, of four processes: nothing is read, run or deleted without a login."""
    assert set(list_listening(stack, list(COMPONENTS))) == {("airflow-api-server", "127.0.0.1", "airflow")}
    asked = ["GET /api/v2/dags", "POST /api/v2/dags/build_marts/dagRuns", "DELETE /api/v2/dags/build_marts"]
    asked += ["GET /api/v2/connections", "POST /api/v2/pools", "GET /api/v2/config", "PATCH /api/v2/dags/build_marts"]
    asked += ["PATCH /execution/task-instances/x/run", "GET /execution/variables/x", "GET /auth/fab/v1/users"]
    for method, path in (text.split() for text in asked):
        answer = httpx.request(
            method, airflow.url + path, json={}, headers={"Origin": "http://127.0.0.1:1"}, timeout=60
        )
        assert answer.status_code in (401, 403), (path, answer.text)
        assert "access-control-allow-origin" not in answer.headers


def test_scheduler_publishes_what_arrived(airflow: AirflowApi, first_run: DagRun) -> None:
    assert first_run.state == "success"
    assert ask("SELECT count(*) FROM core.requests") == ROWS
    assert ask("SELECT count(*) FROM quarantine.requests") == 1


def test_events_carry_days_and_counts(airflow: AirflowApi, first_run: DagRun) -> None:
    events = [e for e in airflow.list_events(source_run_id=first_run.run_id) if e["name"] == "core.requests"]
    assert sorted(event["partition_key"] for event in events) == [*DAYS, "all"]
    snapshot = ask("SELECT max(snapshot_id) FROM ledger.publishes WHERE subject = 'access_logs'")
    expected = {"rows": ROWS, "quarantined": 1, "snapshot": snapshot, "changed_days": 2, "day_by_day": True}
    assert all(event["extra"] == expected for event in events)


def test_marts_follow_by_themselves(airflow: AirflowApi, first_run: DagRun) -> None:
    wait_until(lambda: {run.partition_key for run in airflow.list_runs("build_marts")} == {*DAYS, "all"})
    wait_for_marts(airflow)
    runs = {run.partition_key: run for run in airflow.list_runs("build_marts")}
    assert {run.state for run in runs.values()} == {"success"}
    assert list_done(airflow, runs[DAYS[0]]) == {"choose_marts", "top_pages", "traffic_hourly"}
    assert ask("SELECT sum(request_count) FROM mart.top_pages WHERE path = '/favicon.ico'") == ICONS


def test_nothing_new_is_nothing_done(airflow: AirflowApi, first_run: DagRun) -> None:
    run = airflow.wait(airflow.trigger(INGEST))
    assert run.state == "success"
    assert list_done(airflow, run) == set()


def test_rebuild_gives_the_same(airflow: AirflowApi, first_run: DagRun, capsys: pytest.CaptureFixture[str]) -> None:
    before = (sum_table("core.requests"), sum_table("mart.top_pages"))
    run_airflow(INGEST, date(2015, 5, 17), date(2015, 5, 18))
    assert "4,525 rows" in capsys.readouterr().out
    wait_for_marts(airflow)
    assert (sum_table("core.requests"), sum_table("mart.top_pages")) == before


def test_backfill_rebuilds_a_day(airflow: AirflowApi, first_run: DagRun) -> None:
    before = sum_table("core.requests")
    airflow.backfill(INGEST, DAYS[1], DAYS[1])
    (run,) = wait_until(lambda: airflow.list_runs(INGEST, run_type="backfill"))
    assert run.partition_key == DAYS[1]
    assert airflow.wait(run).state == "success"
    assert "publish" in list_done(airflow, run)
    assert sum_table("core.requests") == before


def test_refused_object_makes_the_run_red(airflow: AirflowApi, first_run: DagRun, tmp_path: Path) -> None:
    """Nobody starts the ingest: the look at what has arrived does."""
    broken, whole = tmp_path / "broken.log.gz", tmp_path / "whole.log"
    broken.write_bytes(gzip.compress(b'::1 - - [21/May/2015:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n' * 100)[:-9])
    whole.write_bytes(b'::1 - - [21/May/2015:10:00:00 +0000] "GET /late HTTP/1.1" 200 5\n')
    keys = [land_file("access_logs", path).key for path in (broken, whole)]
    wake(airflow, "detect_arrivals")
    airflow.wait(airflow.trigger("detect_arrivals"))
    wake(airflow, "detect_arrivals", False)
    (begun,) = [run for run in airflow.list_runs(INGEST) if run.run_id.startswith("arrivals__")]
    run = airflow.wait(begun)
    assert run.state == "failed"
    assert keys[0] in airflow.read_error(run, "report_refused")
    assert ask("SELECT count(*) FROM core.requests WHERE path = '/late'") == 1


def test_person_is_asked_and_the_answer_carried_out(airflow: AirflowApi, first_run: DagRun, tmp_path: Path) -> None:
    """The question waits without a slot; the answer is given as the web UI gives it."""
    log = tmp_path / "health.log"
    line = '::1 - - [22/May/2015:10:00:00 +0000] "GET /accepted HTTP/1.1" 200 5'
    log.write_text("\n".join([line, *["no line of any form"] * 1500]))
    key = land_file("access_logs", log).key
    airflow.wait(airflow.trigger(INGEST))
    question = wait_until(lambda: [asked for asked in list_questions(airflow) if key in asked["body"]])[0]
    task = question["task_instance"]
    path = f"/dags/decide_refusals/dagRuns/{quote(task['dag_run_id'])}/taskInstances/ask/-1/hitlDetails"
    time.sleep(5)  # nobody reads it sooner, and the process that asked has ended by then
    answer = {"chosen_options": ["Publish anyway"], "params_input": {"reason": "health checks"}}
    airflow.call("PATCH", path, json=answer)
    (carried,) = wait_until(lambda: airflow.list_runs("carry_out_decisions"))
    assert airflow.wait(carried).state == "success"
    assert ask("SELECT count(*) FROM core.requests WHERE path = '/accepted'") == 1
    assert ask("SELECT decided_by || ': ' || reason FROM ledger.decisions") == f"{airflow.user}: health checks"
    assert ask("SELECT row_count FROM ledger.outcomes") == 1


def list_questions(airflow: AirflowApi) -> list[dict[str, Any]]:
    """What Airflow waits for people to answer."""
    waiting = {"response_received": False, "state": "awaiting_input"}
    return list(airflow.call("GET", "/dags/~/dagRuns/~/hitlDetails", params=waiting)["hitl_details"])


def test_a_missed_deadline_is_an_alert(airflow: AirflowApi, stack: Home) -> None:
    """A run that waits, since its DAG is paused, and whose deadline is moved into the past."""
    wake(airflow, INGEST, False)
    try:
        run = airflow.trigger(INGEST)
        with psycopg.connect(database_url(stack, read_ports(stack)["postgres"], "airflow")) as session:
            late = "UPDATE deadline SET deadline_time = now() FROM dag_run WHERE dag_run.id = dagrun_id AND run_id = %s"
            assert session.execute(late, (run.run_id,)).rowcount == 1
        wait_until(lambda: ask("SELECT count(*) FROM ledger.alerts WHERE rule = 'deadline_missed'") == 1)
        assert ask("SELECT subject FROM ledger.alerts WHERE rule = 'deadline_missed'") == INGEST
    finally:
        wake(airflow, INGEST)
    airflow.wait(run)


def test_messages_start_a_run_by_themselves(airflow: AirflowApi) -> None:
    """Nobody triggers: the triggerer sees the topic grow, again and again."""
    topic, ingest = topic_name(find_stream("photo_events").topic), "ingest_photo_events"
    for count in (1, 2):
        send(topic, [make_photo_event(count)])
        wait_until(lambda count=count: ask("SELECT count(*) FROM core.photo_events") == count)  # type: ignore[misc]
    runs = wait_until(lambda: airflow.list_runs(ingest, run_type="asset_triggered", state="success"))
    published = [run for run in runs if "publish" in list_done(airflow, run)]
    assert published
    events = airflow.list_events(source_run_id=published[0].run_id)
    keys = {event["partition_key"] for event in events if event["name"] == "core.photo_events"}
    assert keys == {"all", f"{datetime.now(UTC):%Y-%m-%d}"}


def test_the_readme_can_be_followed(airflow: AirflowApi, stack: Home, first_run: DagRun, tmp_path: Path) -> None:
    """Every command of its ten minutes, in a stack that has what `make run` leaves."""
    sample = generate_sample()
    assert list(fill_accounts(sample / "accounts"))
    blocks = [block.text for block in read_blocks(REPOSITORY / "README.md") if block.language == "console"]
    commands = [command for text in blocks for command, _ in split_console(text) if not command.startswith("make")]
    assert len(commands) > 12 and commands[-1].startswith("watershed generate")
    start_consumers(stack)
    try:
        for command in commands:
            words = shlex.split(command) if command.startswith("watershed ") else ("bash", "-c", command)
            done = Checkout(REPOSITORY).run(*words, folder=tmp_path)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    finally:
        stop_consumers(stack)


def test_what_the_processes_have_written_is_the_owners_alone(airflow: AirflowApi, stack: Home) -> None:
    """Logs of tasks above all: Airflow itself would let a group write them."""
    folders = [stack.path / name for name in ("airflow", "logs", "s3", "postgres", "pids")]
    assert len(list((stack.path / "airflow" / "logs").rglob("*.log"))) > 5
    assert [path for folder in folders for path in list_open(folder)] == []


def ask(query: str) -> object:
    con = connect(read_only=True)
    row = con.execute(query).fetchone()
    con.close()
    return row[0] if row else None


def sum_table(table: str) -> object:
    """A checksum that does not depend on the order of rows."""
    return ask(f"SELECT sum(hash(t)::HUGEINT)::VARCHAR || count(*) FROM {table} AS t")


def list_done(airflow: AirflowApi, run: DagRun) -> set[str]:
    return {task.name for task in airflow.list_tasks(run) if task.state == "success"}


def wait_for_marts(airflow: AirflowApi) -> None:
    """Events become runs at the scheduler's next round: until no mart is stale and no run is under way."""
    wait_until(lambda: not list_stale_marts() and not airflow.list_runs("build_marts", state=["queued", "running"]))


def list_stale_marts() -> list[str]:
    con = connect(read_only=True)
    stale = [mart.name for mart in list_marts() if find_stale_days(con, mart)]
    con.close()
    return stale


def wait_until(look: Callable[[], T], seconds: float = 240) -> T:
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(1)
    return seen
