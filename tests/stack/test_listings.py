"""Every listing of the command fits 80 columns, whatever the names, and is CSV and JSON as well; decisions from it."""

import csv
import io
import json
import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main as run_source
from tests.flows.decisions import ask
from tests.flows.logs import land, make_log
from watershed.cli.main import main
from watershed.flows.upkeep.pin import pin_snapshot

pytestmark = pytest.mark.servers

LONG = "a-file-whose-name-says-where-it-was-written-and-when-and-by-whom-2026-11-01T10-05-03.log"
LISTINGS = (
    "ledger", "ledger core.requests", "ledger top_pages", "refused", "refused access_logs", f"refused noise-{LONG}",
    "quarantine", "quarantine core.requests", "tables", "tables --tag web", "tables core.requests", "pin",
    "tables quarantine.requests", "freshness", "freshness core.requests", "freshness --late",
    "lineage mart.top_pages", "lineage mart.top_pages.client_count", "stream status", "models", "serve --list",
    "status", "trace core.requests --where raw_line<3",
)  # fmt: skip


@pytest.fixture(scope="module")
def known(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A lake with names that are long, rows in quarantine and an object that is refused."""
    folder = tmp_path_factory.mktemp("listings")
    land(folder, make_log(30) + b"no line\n" * 2 + b"\xff\n", LONG)
    land(folder, b"noise of a scanner\n" * 3, f"noise-{LONG}")
    run_source("access_logs", "a-run-with-a-long-name-that-somebody-has-started-by-hand")
    pin_snapshot("a-name-of-a-pin-that-is-as-long-as-a-name-of-a-pin-can-be-64", "a report " * 20)
    yield


@pytest.mark.parametrize("command", LISTINGS)
def test_listings(
    known: None, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for width in ("80", "200"):
        monkeypatch.setenv("COLUMNS", width)
        main(command.split())
        shown = capsys.readouterr().out
        assert shown and max(map(len, shown.splitlines())) <= int(width), shown
    main([*command.split(), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    main([*command.split(), "--format", "csv"])
    tables = capsys.readouterr().out.split("\n\n")
    lists = list(found.values()) if isinstance(found, dict) else [found]
    assert [len(list(csv.reader(io.StringIO(table)))) - 1 for table in tables] == [len(rows) for rows in lists]


def test_rows_of_quarantine_are_decided_about(known: None, capsys: pytest.CaptureFixture[str]) -> None:
    drop = ["quarantine", "core.requests", "--match", "UTF-8", "--drop"]
    assert main([*drop]) == 1
    assert "say why" in capsys.readouterr().err
    assert main([*drop, "--reason", "noise", "--in-process"]) == 0
    told = capsys.readouterr().out
    assert "drop 1 row, parse: " in told and "1 row left (snapshot " in told
    assert ask("SELECT count(*) FROM quarantine.requests") == [(2,)]
    assert main(["quarantine", "requests", "--rule", "parse", "--replay", "--reason", "x", "--in-process"]) == 0
    assert ask("SELECT count(*) FROM quarantine.requests") == [(2,)]  # what was dropped stays away
    assert main(["quarantine", "core.requests", "--rule", "nix"]) == 1
    assert "the rules are parse" in capsys.readouterr().err
    assert main(["quarantine", "core.reqests"]) == 1
    assert "did you mean core.requests?" in capsys.readouterr().err


def test_an_export_is_its_owners_alone(known: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lake.duckdb"
    assert main(["export", str(path), "--schema", "core", "--format", "csv"]) == 0
    assert "core.requests,30\n" in capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_shell_reads_and_nothing_else(known: None, tmp_path: Path) -> None:
    typed = (
        f".shell touch {tmp_path}/a", f".system touch {tmp_path}/a", f".output {tmp_path}/b", f".once {tmp_path}/b",
        f".read {tmp_path}/c", f".open {tmp_path}/d", ".cd /", f".import {tmp_path}/c t", ".edit", f".log {tmp_path}/e",
        f".pager 'touch {tmp_path}/f'", f"COPY (SELECT 1) TO '{tmp_path}/g';", f"ATTACH '{tmp_path}/h';",
        f"FROM read_text('{__file__}');", "DELETE FROM core.requests;", ".format json", "SELECT count(*) AS n",
        "FROM core.requests;", ".tables", ".quit",
    )  # fmt: skip
    shown, code = type_in(["sql", "--format", "csv"], typed)
    assert code == 0 and '[{"n": 30}]' in shown and "core.watch_minutes" in shown
    assert shown.count("is not a command here") == 11
    assert "pytestmark" not in shown and list(tmp_path.iterdir()) == []


def test_standard_input_is_a_query(known: None) -> None:
    command = [sys.executable, "-m", "watershed", "sql", "--format", "csv"]
    done = subprocess.run(command, input=b"SELECT count(*) AS n\nFROM core.requests;\n", capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"n\n30\n")
    done = subprocess.run([*command, "-"], input=b"SELECT '\xff'", capture_output=True)
    assert (done.returncode, done.stderr) == (
        1, b"watershed: standard input is not UTF-8 at byte 9: write the query in UTF-8\n"
    )  # fmt: skip


def type_in(arguments: list[str], lines: tuple[str, ...]) -> tuple[str, int]:
    """What a command shows on a terminal when these lines are typed, and its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "watershed", *arguments])
    shown, waiting, deadline = b"", list(lines), time.monotonic() + 240
    while time.monotonic() < deadline:
        if waiting and shown.endswith((b"> ", b"... ")):
            os.write(terminal, waiting.pop(0).encode() + b"\n")
            shown += b"\n"
        try:
            if select.select([terminal], [], [], 0.2)[0]:
                shown += os.read(terminal, 1 << 16)
        except OSError:  # it has ended
            break
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
