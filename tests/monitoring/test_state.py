"""What a monitor tells of itself, and what is left of it: neither needs the lake."""

import os
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.monitoring.desk import Desk, Watch
from watershed.flows.streams.health import ConsumerHealth, State, list_dead
from watershed.monitoring.endpoint import Endpoint
from watershed.monitoring.metrics import Figures
from watershed.monitoring.monitor import Lookout
from watershed.monitoring.state import find_file, read_state
from watershed.settings import find_home, read_stack_file
from watershed.warehouse.ledger.history import utc_now

NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/none"
NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watch: Watch) -> Path:
    """A home of the test's own, once the settings of the stack have been read."""
    for name, value in read_stack_file(find_home()).items():
        monkeypatch.setenv(name, os.environ.get(name, value))
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path))
    monkeypatch.setenv("WATERSHED_MONITOR_TOKEN", "open sesame")
    return tmp_path


@pytest.mark.servers
def test_the_state_is_told_to_who_has_the_token(home: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    lookout = Lookout(lines.append)
    lookout.watcher.topics = []
    figures = Figures(lookout.watcher, lookout.otlp)
    server = Endpoint(("127.0.0.1", 0), figures, lookout.otlp, "open sesame", lookout.encode_state)
    server.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("WATERSHED_MONITOR_URL", url)
    try:
        assert read_state() is None
        monkeypatch.setenv("WATERSHED_CATALOG_URL", NOWHERE)
        lookout.look()
        lookout.look(utc_now() + timedelta(minutes=1))
        for request in (f"{url}/state", urllib.request.Request(f"{url}/state", headers={"Authorization": "Bearer x"})):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(request)
        state = read_state()
        assert state is not None and state.is_answering
        assert [one.name for one in state.find_away()] == ["catalogue"]
        assert [(alert.rule, alert.state) for alert in state.alerts] == [("lake_unreadable", "firing")]
        assert desk.heard("lake_unreadable") == ["firing"]
    finally:
        server.shutdown()
        server.server_close()
    state = read_state()
    assert state is not None and not state.is_answering
    assert [alert.rule for alert in state.alerts] == ["lake_unreadable"]
    assert find_file().stat().st_mode & 0o777 == 0o600
    heir = Lookout(lines.append)  # the next monitor, while the lake is still away: it knows what was told
    heir.watcher.topics = []
    heir.look(utc_now() + timedelta(minutes=2))
    heir.look(utc_now() + timedelta(minutes=3))
    assert desk.heard("lake_unreadable") == ["firing"]


@pytest.mark.servers
def test_a_file_that_cannot_be_read_is_none(home: Path) -> None:
    find_file().write_text('{"at": ')
    assert read_state() is None


def tell(name: str, state: State, at_s: float, started_s: float = 4000) -> ConsumerHealth:
    """What a consumer said so many seconds ago."""
    return ConsumerHealth(name, state, NOW - timedelta(seconds=at_s), NOW - timedelta(seconds=started_s))


@pytest.mark.parametrize(
    ("told", "members", "dead"),
    [
        ([tell("a", "reading", 100)], [], ["a"]),
        ([tell("a", "failing", 100)], [], ["a"]),
        ([tell("a", "stopped", 100)], [], []),
        ([tell("a", "reading", 10)], [], []),  # killed a moment ago, or its beat is on its way
        ([tell("a", "reading", 300)], ["a"], []),  # it waits for the lake's lock
        ([tell("a", "reading", 100), tell("b", "reading", 2, 90)], ["b"], []),  # another took its place
        ([tell("a", "reading", 100), tell("b", "reading", 2, 200)], ["b"], ["a"]),  # this one was there before
        ([tell("a", "reading", 100), tell("b", "reading", 90), tell("c", "reading", 2, 80)], ["c"], ["b"]),
        ([tell("a", "reading", 90_000)], [], []),  # of yesterday
        ([tell("x" * 80 + "a", "reading", 100)], ["x" * 62 + "a"], []),  # PostgreSQL cuts the names of sessions
    ],
)
def test_who_is_dead(told: list[ConsumerHealth], members: list[str], dead: list[str]) -> None:
    assert [one.consumer for one in list_dead(told, members, NOW)] == dead
