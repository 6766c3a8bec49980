"""`watershed freshness` says what the page Tables says, and its exit code is for scripts."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main as run_source
from tests.flows.logs import land, make_log
from watershed.cli.commands import freshness
from watershed.cli.main import main
from watershed.cockpit import outages
from watershed.cockpit.outages import ASKED
from watershed.cockpit.questions.cells import Row
from watershed.cockpit.questions.tables import list_conditions
from watershed.declarations import load_sources
from watershed.declarations.rhythm import WEEKDAYS, Rhythm
from watershed.monitoring.reading import Queue, SourceReading
from watershed.monitoring.state import MonitorState
from watershed.warehouse.freshness import Freshness
from watershed.warehouse.ledger import cache as mirror
from watershed.warehouse.ledger.history import utc_now

HOUR = timedelta(hours=1)
See = Callable[..., None]


@pytest.mark.parametrize(
    ("rhythm", "said"),
    [
        (Rhythm(HOUR), "every day"),
        (Rhythm(HOUR, WEEKDAYS), "Mon to Fri"),
        (Rhythm(HOUR, (0, 3)), "Mon, Thu"),
        (Rhythm(HOUR, WEEKDAYS, (date(2026, 12, 25),)), "Mon to Fri, not on 2026-12-25"),
        (None, None),
    ],
)
def test_expected_days_are_words(rhythm: Rhythm | None, said: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(load_sources(), "access_logs", replace(load_sources()["access_logs"], rhythm=rhythm))
    assert freshness.format_days("access_logs") == said


@pytest.fixture(scope="module")
def published(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> None:
    land(tmp_path_factory.mktemp("logs"), make_log(30))
    run_source("access_logs", "noon")


@pytest.fixture
def see(published: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[See]:
    """What a monitor says of core.requests: for how long the oldest waits, and of its producer for how long it is
    silent; nothing at all unless it is called."""
    mirror.MIRROR.stop()
    monkeypatch.setattr(mirror.MIRROR, "__dict__", vars(mirror.Mirror()))
    monkeypatch.setattr(outages.ASKED, "__dict__", vars(outages.LastAnswers()))
    monkeypatch.setattr(ASKED, "monitor", (float("inf"), None))

    def tell(waits: timedelta | None = None, silence: timedelta = HOUR) -> None:
        now = utc_now()
        fresh = {address: Freshness(24 * HOUR) for address in list_conditions()}
        fresh["core.requests"] = Freshness(24 * HOUR, now - waits if waits else None)
        sources = (SourceReading("access_logs", 30 * HOUR, silence, now - silence),)
        state = MonitorState(now, True, (), fresh, sources, (), Queue(), (), None, now)
        monkeypatch.setattr(ASKED, "monitor", (float("inf"), state))

    yield tell
    mirror.MIRROR.stop()


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, list[Row]]]:
    code = main(["freshness", *arguments, "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    built = [row for row in found["tables"] if not row["table"].startswith("mart.")]  # marts nobody builds here
    found["tables"] = built
    return code, found


@pytest.mark.servers
def test_without_a_monitor_nobody_calls_it_fresh(see: See, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["freshness", "requests"]) == 1
    told = capsys.readouterr()
    assert "unwatched" in told.out and "start `watershed monitor`" in told.err


@pytest.mark.servers
def test_fresh_is_what_nothing_waits_for(see: See, capsys: pytest.CaptureFixture[str]) -> None:
    see()
    code, found = ask(capsys, "core.requests")
    (row,), (producer,) = found["tables"], found["producers"]
    assert (code, row["state"], row["since"], row["waits"], row["promised"]) == (0, "fresh", None, None, 86_400)
    assert row["published"] and row["missing_days"] == 0 and row["silent"] is None
    assert (producer["producer"], producer["state"], producer["silence"]) == ("access_logs", "heard", 3_600)
    see(waits=2 * HOUR)
    code, found = ask(capsys, "core.requests")
    assert (code, found["tables"][0]["state"]) == (0, "fresh")
    assert found["tables"][0]["waits"] == pytest.approx(7_200, abs=60)
    assert ask(capsys, "--late") == (0, {"tables": [], "producers": []})


@pytest.mark.servers
def test_a_table_is_late_since_its_promise_was_broken(see: See, capsys: pytest.CaptureFixture[str]) -> None:
    see(waits=25 * HOUR)
    code, found = ask(capsys, "--late")
    (row,) = found["tables"]
    assert (code, row["table"], row["state"]) == (1, "core.requests", "late")
    assert row["since"][:16] == str(utc_now() - HOUR)[:16] or row["waits"] == pytest.approx(90_000, abs=60)
    assert list_conditions()["core.requests"].state == "late"  # as the page says
    assert main(["freshness", "core.requests", "--format", "csv"]) == 1
    tables = capsys.readouterr().out.split("\n\n")[0]
    (line,) = csv.DictReader(io.StringIO(tables))
    assert int(line["waits"]) == pytest.approx(90_000, abs=60)
    assert main(["freshness", "core.requests"]) == 1
    assert "1 d" in capsys.readouterr().out
    assert main(["freshness", "core.users"]) == 0  # of others nothing is said


@pytest.mark.servers
def test_a_silent_producer_is_told(see: See, capsys: pytest.CaptureFixture[str]) -> None:
    see(silence=31 * HOUR)
    code, found = ask(capsys, "--late")
    assert code == 1
    assert [(row["table"], row["state"], row["silent"]) for row in found["tables"]] == [
        ("core.requests", "fresh", "access_logs")
    ]
    assert [(row["producer"], row["state"]) for row in found["producers"]] == [("access_logs", "silent")]


@pytest.mark.servers
def test_a_table_that_is_not_there_is_told(see: See, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["freshness", "core.reqests"]) == 1
    assert "did you mean core.requests?" in capsys.readouterr().err
