"""What a stack and its commands write is its owner's alone, whatever the shell's umask says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import REPOSITORY
from tests.stack.listening import list_open

pytestmark = pytest.mark.servers
LINE = '10.0.0.7 - - [22/May/2015:10:05:03 +0000] "GET /hello HTTP/1.1" 200 512\n'


class Shell:
    """Runs `watershed` as a user does."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {"WATERSHED_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}

    def run(self, umask: int, *arguments: str) -> str:
        command = [sys.executable, "-m", "watershed", *arguments]
        done = subprocess.run(
            command, env=self.environment, umask=umask, capture_output=True, text=True, cwd=REPOSITORY
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path / "home")
    try:
        yield shell
    finally:
        shell.run(0, "down")


def test_a_home_is_private_after_a_start_and_a_run(tmp_path: Path, shell: Shell) -> None:
    """In a home that an older version has left open, too; the files of the data are outside it."""
    log, export = tmp_path / "hello.log", tmp_path / "lake.duckdb"
    log.write_text(LINE)
    assert "password" not in shell.run(0, "up", "--storage-only")
    shell.run(0, "land", "access_logs", str(log))
    shell.run(0, "run", "ingest_access_logs", "--in-process")
    shell.run(0, "export", str(export), "--schema", "core")
    shell.run(0, "generate", "--days", "1", "--rows", "100", "--start", "2024-04-01")
    home = tmp_path / "home"
    assert len(list(home.rglob("*"))) > 100
    assert list_open(home) == list_open(export) == []
    for path in (home / "logs" / "s3.log", home / "logs", home):
        path.chmod(0o755)
    shell.run(0o022, "up", "--storage-only")
    shell.run(0o022, "export", str(export), "--schema", "core", "--force")
    assert list_open(home) == list_open(export) == []
