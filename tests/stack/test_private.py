"""What a stack and its commands write is its owner's alone, whatever the shell's umask says."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.listening import list_open
from watershed.cli.main import main
from watershed.warehouse.connection import forget_engines

pytestmark = pytest.mark.servers
LINE = '10.0.0.7 - - [22/May/2015:10:05:03 +0000] "GET /hello HTTP/1.1" 200 512\n'


def run(umask: int, *command: str) -> None:
    """A command of `watershed`, as from a shell with this umask."""
    before = os.umask(umask)
    try:
        assert main([*command]) == 0
    finally:
        os.umask(before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a stack of its own, which is stopped at last."""
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "home"))
    try:
        yield tmp_path / "home"
    finally:
        forget_engines()
        run(0, "down")


def test_a_home_is_private_after_a_start_and_a_run(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a home that an older version has left open, too; the files of the data are outside it."""
    log, export = tmp_path / "hello.log", tmp_path / "lake.duckdb"
    log.write_text(LINE)
    run(0, "up", "--storage-only")
    assert "password" not in capsys.readouterr().out
    run(0, "land", "access_logs", str(log))
    run(0, "run", "ingest_access_logs", "--in-process")
    run(0, "export", str(export), "--schema", "core")
    run(0, "generate", "--days", "1", "--rows", "100", "--start", "2024-04-01")
    assert len(list(home.rglob("*"))) > 100
    assert list_open(home) == list_open(export) == []
    for path in (home / "logs" / "s3.log", home / "logs", home):
        path.chmod(0o755)
    run(0o022, "up", "--storage-only")
    run(0o022, "export", str(export), "--schema", "core", "--force")
    assert list_open(home) == list_open(export) == []
