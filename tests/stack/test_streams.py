"""`watershed stream status`, and the consumer that runs with the local stack."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.empty_lake import EmptyLake
from tests.messages import make_photo_event, make_watch_line, send
from watershed.cli.main import main
from watershed.declarations import find_stream
from watershed.flows.streams.health import list_consumers
from watershed.lake.store import open_store
from watershed.stack.consumers import name_consumers
from watershed.stack.home import Home
from watershed.stack.process import find_process
from watershed.stack.servers import start_consumers, stop_consumers
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers


@pytest.fixture
def consumers(stack: Home, lake: EmptyLake, topics: dict[str, str]) -> Iterator[Home]:
    """The consumers inherit the environment, and with it the test's lake."""
    try:
        start_consumers(stack)
        yield stack
    finally:
        stop_consumers(stack)


def wait_until(look: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.5)


def test_streams_are_shown(lake: EmptyLake, topics: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stream", "status"]) == 0
    send(topics["photo_events"], [*map(make_photo_event, range(1, 30)), b"no event"])
    assert main(["stream", "status", "photo_events"]) == 1
    assert "! 30 messages wait and no consumer is alive" in capsys.readouterr().out
    assert main(["run", "ingest_photo_events", "--in-process"]) == 0
    assert main(["stream", "status", "photo_events"]) == 0
    shown = capsys.readouterr().out
    assert "core.photo_events: the events of the last batch arrived" in shown
    assert "1 message in quarantine: `watershed replay photo_events`" in " ".join(shown.split())


def test_a_broker_that_is_away_is_told(
    lake: EmptyLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATERSHED_KAFKA_BROKERS", "127.0.0.1:1")
    monkeypatch.setattr("watershed.sources.topics.topic_ends.ANSWER_S", 0.5)
    assert main(["stream", "status", "photo_events"]) == 1
    assert "! the topic's end is unknown: " in capsys.readouterr().out


def test_a_consumer_runs_with_the_stack(
    consumers: Home, topics: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    send(topics["watch_events"], [make_watch_line(user) for user in range(1, 21)])
    wait_until(lambda: count_minutes() == 20)
    stream = find_stream("watch_events")
    wait_until(lambda: list_consumers(open_store(), stream))
    assert main(["stream", "status", "watch_events"]) == 0
    assert list_consumers(open_store(), stream)[0].consumer in capsys.readouterr().out
    stop_consumers(consumers)
    assert [find_process(consumers, name) for name in name_consumers()] == [None]
    assert [one.state for one in list_consumers(open_store(), stream)] == ["stopped"]
    send(topics["watch_events"], [make_watch_line(1)])
    assert main(["stream", "status", "watch_events"]) == 1  # nobody reads it


def count_minutes() -> int:
    con = connect(read_only=True)
    row = con.execute("SELECT count(*) FROM speed.watch_minutes").fetchone()
    con.close()
    return int(row[0]) if row else 0
