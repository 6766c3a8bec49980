"""kill -9 in every step, and inside the publish transaction: the last published state stays, and a rerun completes."""

import os
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.preloaded import REPOSITORY, start_program
from tests.runs import begin
from watershed.declarations import find_table
from watershed.flows.ingest.land import land_file
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

DEATHS = [
    "watershed.flows.landed:write_step:before",  # taken, not yet noted
    "watershed.flows.ingest.stage_records:stage_table_slice:after",  # staged files written, no manifest
    "watershed.flows.ingest.check:settle_rows:after",  # quarantine written, no report
    "watershed.flows.ingest.publish:publish:before",  # checked, nothing published
    "watershed.warehouse.publish:replace_parts:after",  # inside the transaction: files registered
    "watershed.warehouse.publish:write_ledger:after",  # inside the transaction: all written, not committed
    "watershed.warehouse.publish:format_message:before",
]


def checksum() -> list[tuple[object, ...]]:
    """What readers see, independent of the order of rows."""
    return (
        connect()
        .execute(
            """SELECT 'rows', count(*), sum(hash(r)::HUGEINT) FROM core.requests AS r
           UNION ALL SELECT 'quarantine', count(*), sum(hash(q)::HUGEINT) FROM quarantine.requests AS q
           UNION ALL SELECT 'books', sum(rows_written)::BIGINT, count(*) FROM ledger.books ORDER BY 1"""
        )
        .fetchall()
    )


def write_log(path: Path, hour: int, lines: int = 50) -> Path:
    rows = [f"{hour:02}:{n // 60:02}:{n % 60:02} 10.0.0.{n % 256} GET /img{n % 9}.jpg 200\n" for n in range(lines)]
    path.write_text("".join([*rows, "no line of any form\n"]))
    return path


def start_apart(folder: Path, run_id: str, death: str = "") -> ForkServerProcess:
    arguments, log = ["access_logs", run_id, *filter(None, [death])], folder / f"{run_id}.out"
    return start_program("tests.faults.runner", arguments, log, log, REPOSITORY, os.environ)


def wait_for_code(process: ForkServerProcess) -> int | None:
    process.join(120)
    return process.exitcode


@pytest.fixture(scope="module")
def days(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """The days that the lake has: the first one, and one more of each test."""
    land_day(1, tmp_path_factory.mktemp("first"))
    main("access_logs", "run-1")
    return [1]


def land_day(day: int, folder: Path) -> None:
    land_file("access_logs", write_log(folder / f"access-2026-11-{day:02}.log", day))


@pytest.mark.parametrize("death", DEATHS)
def test_rerun_after_kill(death: str, days: list[int], tmp_path: Path) -> None:
    before, day = checksum(), days[-1] + 1
    days.append(day)
    land_day(day, tmp_path)
    assert wait_for_code(start_apart(tmp_path, f"run-{day}", death)) == -signal.SIGKILL
    assert checksum() == before

    main("access_logs", f"run-{day}")
    rows, quarantined = connect().execute(
        "SELECT (SELECT count(*) FROM core.requests), (SELECT count(*) FROM quarantine.requests)"
    ).fetchone() or (0, 0)
    assert (rows, quarantined) == (50 * len(days), len(days))


def test_ten_objects_in_parallel(lake: EmptyLake, tmp_path: Path) -> None:
    """Ten processes take whatever is new at the same moment: all is published, nothing twice."""
    for day in range(1, 11):
        land_day(day, tmp_path)
    running = [start_apart(tmp_path, f"run-{n}") for n in range(4)]
    assert [*map(wait_for_code, running)] == [0] * len(running)
    found = (
        connect()
        .execute(
            "SELECT count(*), count(DISTINCT raw_object), count(DISTINCT (raw_object, raw_line)) FROM core.requests"
        )
        .fetchone()
    )
    assert found == (500, 10, 500)


def test_rerun_is_identical(lake: EmptyLake, tmp_path: Path) -> None:
    """A rebuild of the day from raw gives the same rows and the same quarantine."""
    from datetime import date

    from watershed.flows.ingest.check import check_table
    from watershed.flows.ingest.land import take_arrivals
    from watershed.flows.ingest.publish import publish_source
    from watershed.flows.ingest.stage import stage_source

    land_day(1, tmp_path)
    main("access_logs", "first")
    before = checksum()[1:]
    assert take_arrivals(begin("access_logs", "again"), date(2026, 11, 1))["objects"] == 1
    stage_source(begin("access_logs", "again"))
    check_table(begin("access_logs", "again"), find_table("requests"))
    publish_source(begin("access_logs", "again"))
    assert checksum()[1:] == before
