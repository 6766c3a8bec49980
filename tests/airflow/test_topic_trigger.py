"""The trigger that starts runs when a topic grows."""

import asyncio
import sys
from itertools import chain, repeat
from pathlib import Path
from string import Template
from typing import Any

import pytest

import contracts
from tests.empty_lake import EmptyLake
from tests.messages import send
from watershed.airflow.topic_trigger import TopicTrigger, TopicWatch, find_declared, find_growth
from watershed.cli.commands.new_source import TEMPLATES
from watershed.declarations import find_stream, forget_contracts
from watershed.flows.streams.leases import Leases


@pytest.mark.parametrize(
    ("ends", "told", "grown"),
    [
        pytest.param({0: 0, 1: 0}, {}, {}, id="an empty topic has nothing to tell"),
        pytest.param({0: 5, 1: 0}, {}, {0: 5}, id="at first everything is new"),
        pytest.param({0: 7, 1: 3}, {0: 5, 1: 3}, {0: 2}, id="then what came since"),
        pytest.param({0: 5}, {0: 5, 1: 3}, {}, id="a partition that a consumer took over"),
        pytest.param({0: 2}, {0: 5}, {0: 2}, id="a topic made anew"),
    ],
)
def test_growth(ends: dict[int, int], told: dict[int, int], grown: dict[int, int]) -> None:
    assert find_growth(ends, told) == grown


def take_events(trigger: TopicTrigger, seconds: float) -> list[Any]:
    async def collect() -> None:
        async for event in trigger.run():
            events.append(event.payload["messages"])

    async def run() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(collect(), seconds)

    events: list[Any] = []
    asyncio.run(run())
    return events


def follow(looks: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the looks at a topic find, in turn; then nothing."""
    found = chain(looks, repeat({}))

    def look(self: TopicWatch) -> dict[int, int]:
        if isinstance(one := next(found), Exception):
            raise one
        return dict(one)

    monkeypatch.setattr(TopicWatch, "look", look)


def test_it_fires_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    follow([{0: 3}, {}, {0: 1, 1: 1}, {}, {1: 5}], monkeypatch)
    assert take_events(TopicTrigger("photo_events", look_s=0.01, pause_s=0.02), 1.0) == [3, 2, 5]


def test_it_pauses_after_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    follow([{0: n} for n in range(1, 100)], monkeypatch)
    assert take_events(TopicTrigger("photo_events", look_s=0.01, pause_s=0.4), 1.0) == [1, 2, 3]


def test_it_outlives_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger that raised would never run again."""
    follow([ConnectionError("away"), ConnectionError("away"), {0: 1}], monkeypatch)
    assert take_events(TopicTrigger("photo_events", look_s=0.01, pause_s=0.01), 1.0) == [1]


def test_airflow_can_make_it_anew() -> None:
    from airflow.serialization.encoders import encode_trigger

    path, about = TopicTrigger("photo_events", look_s=1.0).serialize()
    assert path == "watershed.airflow.topic_trigger.TopicTrigger"
    assert TopicTrigger(**about).serialize() == (path, about)
    assert encode_trigger(TopicTrigger("photo_events")) == encode_trigger(TopicTrigger("photo_events"))


def test_it_finds_what_was_declared_after_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The triggerer runs for weeks."""
    assert find_declared("photo_events") == find_stream("photo_events")
    monkeypatch.setattr(contracts, "__path__", [*contracts.__path__, str(tmp_path)])
    with pytest.raises(LookupError, match="there is no stream 'late_events'"):
        find_declared("late_events")
    template = Template((TEMPLATES / "kafka" / "contract.py.template").read_text())
    names = {"source": "late_events", "SOURCE": "LATE_EVENTS", "table": "late_events", "kind": "kafka"}
    (tmp_path / "late_events.py").write_text(template.substitute(names, topic="late-events"))
    try:
        assert find_declared("late_events").topic == "late-events"
    finally:
        sys.modules.pop("contracts.late_events")
        monkeypatch.undo()
        forget_contracts()


@pytest.mark.servers
def test_looks_tell_what_came_between_them(lake: EmptyLake, topics: dict[str, str]) -> None:
    watch = TopicWatch("watch_events")
    assert watch.look() == {}
    for count in (3, 20):
        send(topics["watch_events"], [b"line"] * count)
        assert sum(watch.look().values()) == count
        assert watch.look() == {}


@pytest.mark.servers
def test_partitions_of_a_consumer_are_left_to_it(lake: EmptyLake, topics: dict[str, str]) -> None:
    watch = TopicWatch("watch_events")
    with Leases(find_stream("watch_events")) as leases:
        assert leases.settle([0, 1, 2, 3]) == {0, 1, 2, 3}
        send(topics["watch_events"], [b"line"] * 10)
        assert watch.look() == {}
    assert sum(watch.look().values()) == 10  # whatever it did with them: who watched is gone
