"""Failed checks surface by name: on the run, the day, the table, under what needs attention, and in commands."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.cockpit.conftest import Browse
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import write_log
from watershed.cli.failed_checks import print_failed_checks
from watershed.cli.main import main as command
from watershed.flows.ingest.land import land_file
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

RUN = "ingest_access_logs.bad"


@pytest.fixture(scope="module")
def published(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyLake]:
    """A good file, then one with an impossible status and lines that are none, then one that is refused."""
    folder = tmp_path_factory.mktemp("logs")
    land_file("access_logs", write_log(folder / "good", 1))
    main("access_logs", "ingest_access_logs.good")
    log = write_log(folder / "bad", 2, good=9)
    log.write_text(log.read_text() + '10.0.0.9 - - [02/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 999 5\n')
    land_file("access_logs", log)
    main("access_logs", RUN)
    land_file("access_logs", write_log(folder / "refused", 3, bad=1500))
    main("access_logs", "ingest_access_logs.refused")
    raise_alert("runs_failing", "ingest_accounts", "the last 3 runs of ingest_accounts failed")
    yield module_lake


def find_failed() -> tuple[str, str]:
    """Rule and day of what failed."""
    row = connect(read_only=True).execute(
        "SELECT rule FROM ledger.checks WHERE run_id = ? AND NOT is_success ORDER BY rows_failed DESC", [RUN]
    ).fetchone()
    assert row is not None
    return str(row[0]), "2026-11-02"


def read_text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.replace("<wbr>", "")).split())


def test_failed_checks_are_named_wherever_one_looks(
    published: EmptyLake, browse: Browse, capsys: pytest.CaptureFixture[str]
) -> None:
    rule, day = find_failed()
    site = browse()
    run = read_text(site.get("dags/ingest_access_logs/runs/bad").text)
    assert re.search(rf"Failed checks 1 .* core\.requests {rule} ", run)
    table = site.get("tables/core.requests").text
    assert re.search(rf"check failed .*{rule}", read_text(table))
    assert re.search(rf'aria-label="{rule}: 2 results, 1 failed: snapshot \d+, 1 row"', table)
    assert re.search(r'aria-label="[a-z_]+: 2 results, all passed"', table)
    assert rule in read_text(site.get(f"tables/core.requests/partitions/{day}").text)
    attention = site.get("attention").text
    for address in ("health#firing", "quarantine/core.requests", "tables/core.requests#checks"):
        assert f'href="/watershed/{address}"' in attention
    text = read_text(attention)
    assert f"1 check failed core.requests {rule}" in text
    assert "runs_failing ingest_accounts the last 3 runs" in text
    assert "1 object refused access_logs" in text
    print_failed_checks([RUN])
    told = capsys.readouterr().out
    assert re.search(rf"checks that failed:\n +core\.requests: {rule}.*, 1 of 10 rows", told)
    assert command(["ledger", "--format", "json"]) == 0
    [failed] = json.loads(capsys.readouterr().out)["failed checks"]
    assert (failed["table"], failed["rule"]) == ("core.requests", rule)


def test_a_run_whose_rules_were_kept_says_nothing(published: EmptyLake, capsys: pytest.CaptureFixture[str]) -> None:
    print_failed_checks(["ingest_access_logs.good"])
    assert capsys.readouterr().out == ""
