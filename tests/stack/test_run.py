"""`watershed run`: what it prints, and the steps in this process. The way through Airflow is in tests/end_to_end."""

import gzip
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.messages import make_watch_line, send
from watershed.cli.counts import format_counts
from watershed.cli.main import main
from watershed.flows.ingest.land import land_file
from watershed.warehouse.connection import connect

LINE = b'::1 - - [21/May/2015:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n'


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"objects": 1, "bytes": 224654}, "1 object, 224,654 bytes"),
        ({"requests": {"rows": 9999, "days": ["2015-05-17", "2015-05-18"]}}, "requests: 9,999 rows, 2 days"),
        (
            {"tables": {"ratings": {"rows": 5, "days": 2}}, "snapshot": 1007, "refused": 0, "refused_objects": {}},
            "tables: ratings (5 rows, 2 days); snapshot 1007, 0 refused",
        ),
        ({"rows": 3, "day": None, "snapshot": 4, "returned": []}, "3 rows, snapshot 4"),
        (None, ""),
    ],
)
def test_counts_read_like_a_sentence(counts: object, text: str) -> None:
    assert format_counts(counts) == text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ingest_access_log", "--in-process"], "there is no source 'access_log': did you mean access_logs?"),
        (["detect_arrivals", "--in-process"], "'detect_arrivals' cannot run in process"),
        (["build_marts", "--from", "2015-05-18", "--to", "2015-05-17"], "--from 2015-05-18 is after --to 2015-05-17"),
        (["build_marts"], "/settings.env: start the local stack with `watershed up`"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path))
    assert main(["run", *arguments]) == 1
    printed = capsys.readouterr().err
    assert sentence in printed
    assert printed.count("\n") == 1


@pytest.mark.servers
def test_steps_in_this_process(lake: EmptyLake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, broken = tmp_path / "whole.log", tmp_path / "broken.log.gz"
    whole.write_bytes(LINE * 3)
    land_file("access_logs", whole)
    assert main(["run", "ingest_access_logs", "--in-process"]) == 0
    assert main(["run", "build_marts", "--in-process"]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith("      ")] == [
        *("land", "stage", "check_requests", "publish"),
        "build_marts",
    ]
    assert "requests (3 rows, 0 quarantined, 1 day)" in " ".join(shown.split())
    assert "top_pages: 1 partition; traffic_hourly: 1 partition" in shown

    broken.write_bytes(gzip.compress(LINE * 100)[:-9])
    land_file("access_logs", broken)
    assert main(["run", "ingest_access_logs", "--in-process"]) == 1
    assert "refused 1 object: " in capsys.readouterr().err
    assert connect(read_only=True).execute("SELECT count(*) FROM core.requests").fetchone() == (3,)


@pytest.mark.servers
def test_messages_in_this_process(
    lake: EmptyLake, topics: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A topic becomes rows of the speed layer, and a comparison moves them to core."""
    send(topics["watch_events"], [make_watch_line(user) for user in range(1, 21)])
    assert main(["run", "ingest_watch_events", "--in-process"]) == 0
    layers = "SELECT (SELECT count(*) FROM core.watch_minutes), (SELECT count(*) FROM speed.watch_minutes)"
    assert connect(read_only=True).execute(layers).fetchone() == (0, 20)
    assert main(["run", "ingest_watch_events", "--in-process"]) == 0  # nothing new

    assert main(["run", "check_parity", "--in-process"]) == 0  # nothing of the days before today
    assert connect(read_only=True).execute(layers).fetchone() == (0, 20)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert main(["run", "check_parity", "--in-process", "--to", today]) == 0
    assert connect(read_only=True).execute(layers).fetchone() == (20, 0)
    assert main(["run", "ingest_watch_events", "--in-process", "--from", today]) == 0  # what is rebuilt stays in core
    assert connect(read_only=True).execute(layers).fetchone() == (20, 0)
    assert main(["run", "maintain_lake", "--in-process"]) == 0
    shown = capsys.readouterr().out
    assert "20 messages" in shown
    assert "promote_watch_events" in shown
    assert "merge_files" in shown
    differing = "SELECT count(*), sum(rows_missing + rows_surplus) FROM ledger.parity"
    assert connect(read_only=True).execute(differing).fetchone() == (2, 0)  # promoted, and then sampled


def test_in_process_does_without_airflow() -> None:
    """The steps and what runs them here import nothing of Airflow, which takes seconds."""
    modules = ("cli.run_here", "flows.ingest.publish", "flows.marts", "flows.streams.parity")
    imports = "; ".join(f"import watershed.{module}" for module in modules)
    loaded = "[m for m in sys.modules if f'{m}.'.startswith(('airflow.', 'watershed.airflow.'))]"
    script = f"import sys; {imports}; print({loaded})"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"
