"""Servers are killed, or stop answering, while events flow: the running consumer comes back by itself."""

import time
from collections.abc import Iterator

import pytest

from contracts.photo_events import PHOTO_EVENTS
from tests.empty_lake import EmptyLake, make_topics
from tests.faults.balance import assert_exactly_once
from tests.faults.consumers import PATIENCE_S, Consumer, count_publishes, wait_until, wait_until_read
from tests.faults.flow import Flow
from tests.faults.own_stack import kill_server, pause_server, restart_servers, run_stack
from watershed.stack.home import Home

pytestmark = pytest.mark.servers

AWAY_S = 2.0
RECOVERY_S = 60.0  # half of it on a machine that does nothing else


@pytest.fixture(scope="module")
def stack() -> Iterator[Home]:
    """In place of the one that all tests share."""
    with run_stack() as home:
        yield home


@pytest.fixture(scope="module")
def consumer(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consumer]:
    """One, which nobody starts again."""
    make_topics(module_lake)
    one = Consumer(tmp_path_factory.mktemp("consumer"))
    try:
        one.wait_until_reading()
        yield one
    finally:
        one.kill()


@pytest.fixture(scope="module")
def flows() -> list[Flow]:
    return []


def wait_for_publish(consumer: Consumer, what: str, seconds: float) -> None:
    """Until something is published that was not before. Tells how long it took."""
    published = count_publishes()
    took = wait_until(lambda: count_publishes() > published, consumer.tell, seconds)
    print(f"{what}: {took:.1f} s")


@pytest.mark.parametrize("server", ["kafka", "s3", "postgres"])
def test_consumer_outlives_the_kill_of_a_server(
    server: str, stack: Home, consumer: Consumer, flows: list[Flow]
) -> None:
    flows.append(Flow(PHOTO_EVENTS, f"{server}{len(flows)}", rate=300))
    with flows[-1]:
        wait_for_publish(consumer, "before", PATIENCE_S)
        kill_server(stack, server)
        time.sleep(AWAY_S)
        restart_servers(stack)
        wait_for_publish(consumer, f"after the kill of {server}", RECOVERY_S)
    wait_until_read(PHOTO_EVENTS, consumer.tell)
    assert_exactly_once(PHOTO_EVENTS, flows)


def test_consumer_outlives_a_broker_that_does_not_answer(
    stack: Home, consumer: Consumer, flows: list[Flow]
) -> None:
    """A minute of it, and the same of the other servers, is part of `make soak`."""
    flows.append(Flow(PHOTO_EVENTS, f"stop{len(flows)}", rate=300))
    with flows[-1]:
        wait_for_publish(consumer, "before", PATIENCE_S)
        pause_server(stack, "kafka", 2 * AWAY_S)
        wait_for_publish(consumer, "after a stop of kafka", RECOVERY_S)
    wait_until_read(PHOTO_EVENTS, consumer.tell)
    assert_exactly_once(PHOTO_EVENTS, flows)
