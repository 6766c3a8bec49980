import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from watershed.stack.home import Home, write_private
from watershed.stack.process import Server, ServerFailed, find_process, start_process, stop_processes, wait_until_ready

SLEEPER = [sys.executable, "-c", "import time; time.sleep(300)"]
# A server with one child, and a word on its log when the child is there.
FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, *sys.argv[1:]]); print('up'); time.sleep(300)"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def start_family(home: Home) -> list[psutil.Process]:
    """A server and its child, both running."""
    server = Server("family", [sys.executable, "-u", "-c", FAMILY, *SLEEPER[1:]], None, lambda: False)
    start_process(home, server)
    while "up" not in home.log_file("family").read_text():
        time.sleep(0.02)
    leader = find_process(home, "family")
    assert leader is not None
    return [leader, *leader.children()]


def list_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_stop_ends_server_and_children(home: Home) -> None:
    family = start_family(home)
    assert len(family) == 2
    assert stop_processes(home, {"family": signal.SIGTERM}, 10) == ["family"]
    assert list_running(family) == []
    assert find_process(home, "family") is None


def test_stop_ends_what_a_killed_server_left_behind(home: Home) -> None:
    leader, child = start_family(home)
    leader.kill()
    leader.wait()
    assert list_running([leader, child]) == [child]
    stop_processes(home, {"family": signal.SIGTERM}, 10)
    assert list_running([child]) == []


def test_stale_pid_file_never_costs_another_process_its_life(home: Home) -> None:
    """The pid was used again, here by this very test."""
    write_private(home.pid_file("gone"), json.dumps({"pid": os.getpid(), "started": 1.0}))
    assert find_process(home, "gone") is None
    assert stop_processes(home, {"gone": signal.SIGKILL}, 10) == []


def test_server_that_ends_while_starting_names_its_log(home: Home) -> None:
    server = Server("broken", [sys.executable, "-c", "raise SystemExit('no disk')"], None, lambda: False)
    start_process(home, server)
    with pytest.raises(ServerFailed, match=r"broken ended while starting: see .*broken\.log"):
        wait_until_ready(home, server)
    assert "no disk" in home.log_file("broken").read_text()


def test_server_gets_bytecode_and_a_session_of_its_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    leader, child = start_family(home)
    try:
        assert "PYTHONDONTWRITEBYTECODE" not in leader.environ()
        assert os.getsid(leader.pid) == os.getsid(child.pid) == leader.pid
    finally:
        stop_processes(home, {"family": signal.SIGTERM}, 10)
