"""One server as a detached process: start, find, stop, also after a crash.

A server leads a session of its own, so that it outlives the terminal, and so that its children are found by their
session when it was killed and left them behind. The pid file holds the start time too: a pid alone may be used again.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from watershed.errors import Unavailable
from watershed.stack.home import OURS_ALONE, Home, write_private

# Generous, for slow machines: a server that ends is noticed at once.
START_SECONDS = 300
# Variables of the caller that must not reach a server, by how they start: without bytecode every Airflow process starts
# twice as slowly; somebody's AWS session does not open our S3 server.
DROPPED_VARIABLES = ("PYTHONDONTWRITEBYTECODE", "AWS_", "WEED_")


class ServerFailed(Unavailable, ValueError):
    """A server ended or stayed silent; the message names its log."""


@dataclass(frozen=True)
class Server:
    """How to start one process and how to know that it is well. `is_ready` must never raise or take long."""

    name: str
    command: list[str]
    port: int | None
    is_ready: Callable[[], bool]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    user: str | None = None


def start_process(home: Home, server: Server) -> None:
    """Start detached, with all output in the server's log file. Returns at once."""
    with home.open_log(server.name) as log:
        process = subprocess.Popen(
            server.command,
            env=pass_variables(server.environment),
            cwd=server.folder or home.path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=OURS_ALONE,
            user=server.user,
            group=server.user,
            extra_groups=[] if server.user else None,
        )
    started = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
    write_private(home.pid_file(server.name), json.dumps(started))


def pass_variables(own: dict[str, str]) -> dict[str, str]:
    """The environment of a server: the caller's, without what would disturb it, and its own on top."""
    return {name: value for name, value in os.environ.items() if not name.startswith(DROPPED_VARIABLES)} | own


def wait_until_ready(home: Home, server: Server, seconds: float = START_SECONDS) -> None:
    """Raises ServerFailed when the process ends or the time is over."""
    deadline, pause = time.monotonic() + seconds, 0.1
    while not server.is_ready():
        if find_process(home, server.name) is None:
            raise ServerFailed(f"{server.name} ended while starting: see {home.log_file(server.name)}")
        if time.monotonic() > deadline:
            raise ServerFailed(f"{server.name} is not ready after {seconds:.0f} s: see {home.log_file(server.name)}")
        time.sleep(pause)
        pause = min(1.2 * pause, 0.5)  # what takes long needs the processor more than to be asked


def find_process(home: Home, name: str) -> psutil.Process | None:
    """The running server of this home, or None."""
    recorded = read_pid_file(home, name)
    if recorded is None:
        return None
    try:
        process = psutil.Process(int(recorded["pid"]))
        is_same = abs(process.create_time() - recorded["started"]) < 1
        return process if is_same and is_alive(process) else None
    except psutil.Error:
        return None


def stop_processes(home: Home, stops: dict[str, signal.Signals], seconds: float) -> list[str]:
    """Ask all of these servers at once, wait, then kill; children and orphans of a crash included.

    Returns the names of those of which anything was running.
    """
    families = {name: find_family(home, name) for name in stops}
    leaders = {name: leader for name in stops if (leader := find_process(home, name))}
    for name, leader in leaders.items():
        leader.send_signal(stops[name])
    wait_for_end(list(leaders.values()), seconds)
    end_processes([member for name in stops for member in (*families[name], *find_family(home, name))])
    for name in stops:
        home.pid_file(name).unlink(missing_ok=True)
    return [name for name in stops if families[name]]


def find_family(home: Home, name: str) -> list[psutil.Process]:
    """The server, its descendants, and whatever still belongs to its session after the server itself died."""
    recorded = read_pid_file(home, name)
    if recorded is None:
        return []
    leader = find_process(home, name)
    members = set(find_session(int(recorded["pid"]), home.path))
    if leader is not None:
        members.add(leader)
    return list(members.union(*map(list_children, members)))


def find_session(session: int, folder: Path) -> Iterator[psutil.Process]:
    """Processes of a session that work in our folder: the number alone may by now be another session's."""
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.Error):
            if os.getsid(process.pid) == session and Path(process.cwd()).is_relative_to(folder):
                yield process


def list_children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def end_processes(processes: list[psutil.Process]) -> None:
    """SIGTERM, five seconds, SIGKILL."""
    for send in (psutil.Process.terminate, psutil.Process.kill):
        for process in filter(is_alive, processes):
            with suppress(psutil.NoSuchProcess):
                send(process)
        wait_for_end(processes, seconds=5)


def wait_for_end(processes: list[psutil.Process], seconds: float) -> None:
    """Return when none is alive, or when the time is over."""
    deadline = time.monotonic() + seconds
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    """Running, and not a zombie: in containers nobody may collect those, and they hold nothing."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def read_pid_file(home: Home, name: str) -> dict[str, float] | None:
    path = home.pid_file(name)
    return json.loads(path.read_text()) if path.exists() else None


def measure_memory(home: Home, name: str) -> int:
    """Megabytes of a server and its children, shared pages counted once (PSS), else resident ones."""
    total = 0
    for process in find_family(home, name):
        try:
            total += process.memory_full_info().pss
        except (psutil.Error, AttributeError):
            continue
    return round(total / 1e6)
