"""Servers that a test may kill: a stack of the module's own, so that no other test notices."""

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from watershed.stack.home import Home, open_home
from watershed.stack.process import find_family, wait_for_end
from watershed.stack.servers import start_storage, stop_stack
from watershed.warehouse.connection import forget_engines


@contextmanager
def run_stack() -> Iterator[Home]:
    """A running stack, to whose settings WATERSHED_HOME points meanwhile."""
    temporary = tempfile.TemporaryDirectory(prefix="watershed-faults-", ignore_cleanup_errors=True)
    with temporary as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATERSHED_HOME", str(Path(folder) / "home"))
        home = open_home()
        try:
            start_storage(home)
            yield home
        finally:
            stop_stack(home)
            forget_engines()


def kill_server(home: Home, name: str) -> None:
    """SIGKILL, to it and all its children."""
    family = find_family(home, name)
    assert family, f"{name} does not run"
    signal_all(family, signal.SIGKILL)
    wait_for_end(family, seconds=10)


def restart_servers(home: Home) -> None:
    """Whatever does not run, at the address where it was."""
    ports = home.ports_file.read_text()
    start_storage(home)
    assert home.ports_file.read_text() == ports
    forget_engines()


def pause_server(home: Home, name: str, seconds: float) -> None:
    """SIGSTOP: connections stay open, and nobody answers."""
    family = find_family(home, name)
    signal_all(family, signal.SIGSTOP)
    time.sleep(seconds)
    signal_all(family, signal.SIGCONT)


def signal_all(family: list[psutil.Process], number: signal.Signals) -> None:
    for process in family:
        with suppress(psutil.NoSuchProcess):  # a session of the database that has ended meanwhile
            process.send_signal(number)
