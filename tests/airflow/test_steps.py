"""What tasks tell Airflow of a stream's run."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from tests.airflow.test_schedules import make_context
from tests.empty_lake import EmptyLake
from tests.messages import make_photo_event, make_watch_line, send
from tests.runs import begin
from watershed.airflow import ingest as steps
from watershed.airflow.parity import read_moment
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.run import stage_and_check

DAG = "ingest_access_logs"


class Event:
    """What a task says about an asset."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}
        self.keys: list[str] = []

    def add_partitions(self, keys: list[str]) -> None:
        self.keys = keys


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The contexts of runs by their number; `contexts.current` is the one that tasks see."""

    def make(number: int) -> Any:
        context = make_context() | {"outlet_events": defaultdict(Event), "task": SimpleNamespace(outlets=[])}
        context["dag_run"].run_id = f"run{number}"
        return context

    runs = SimpleNamespace(current=make(1), make=make)
    monkeypatch.setattr(steps, "get_current_context", lambda: runs.current)
    return runs


def prepare_run(source: str, number: int) -> None:
    """Land, stage and check: the next task is `publish`."""
    run_id = f"{DAG}.run{number}"
    assert take_arrivals(begin(source, run_id))["objects"] == 1
    stage_and_check(begin(source, run_id))


@pytest.mark.servers
def test_who_comes_second_is_skipped(lake: EmptyLake, topics: dict[str, str], contexts: Any) -> None:
    """Two runs took the same messages: the second one has nothing to do, and does not fail."""
    send(topics["photo_events"], [make_photo_event(1)])
    prepare_run("photo_events", 1)
    prepare_run("photo_events", 2)
    publish = steps.publish_tables.function
    assert publish("photo_events")["tables"]["photo_events"]["rows"] == 1
    (event,) = contexts.current["outlet_events"].values()
    assert event.keys[0] == "all"
    assert len(event.keys) == 2
    contexts.current = contexts.make(2)
    with pytest.raises(AirflowSkipException, match="nothing to do: photo_events was published by another run"):
        publish("photo_events")


@pytest.mark.servers
def test_speed_tables_announce_no_days(lake: EmptyLake, topics: dict[str, str], contexts: Any) -> None:
    send(topics["watch_events"], [make_watch_line(1)])
    prepare_run("watch_events", 1)
    assert steps.publish_tables.function("watch_events")["tables"]["watch_minutes"]["rows"] == 1
    assert contexts.current["task"].outlets == []
    assert contexts.current["outlet_events"] == {}


@pytest.mark.servers
def test_lost_messages_fail_at_once(lake: EmptyLake, topics: dict[str, str], contexts: Any) -> None:
    """Another try would not bring them back."""
    from watershed.settings import load_kafka
    from watershed.stack.kafka import create_topics, delete_topics

    send(topics["photo_events"], [make_photo_event(n) for n in range(1, 20)])
    prepare_run("photo_events", 1)
    steps.publish_tables.function("photo_events")
    delete_topics(load_kafka(), [topics["photo_events"]])
    create_topics(load_kafka(), [topics["photo_events"]])
    send(topics["photo_events"], [make_photo_event(99)] * 7)
    contexts.current = contexts.make(2)
    with pytest.raises(AirflowFailException, match="the topic was made anew or cut off"):
        steps.take_arrivals.function("photo_events")


@pytest.mark.parametrize(
    ("asked", "moment"),
    [
        (None, "2026-11-22T00:00:00"),
        ("2026-11-22T12:00:00+02:00", "2026-11-22T10:00:00"),
        ("2026-11-22T12:00:00", "2026-11-22T12:00:00"),
    ],
)
def test_moment_of_promotion(asked: str | None, moment: str) -> None:
    from datetime import UTC, datetime

    context = make_context(before=asked)
    context["dag_run"].run_after = datetime(2026, 11, 22, 13, 30, tzinfo=UTC)
    assert read_moment(context).isoformat() == moment
