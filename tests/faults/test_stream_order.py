"""Events that come twice, backwards, or from devices whose clocks are wrong."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from contracts.photo_events import PHOTO_EVENTS
from tests.empty_lake import EmptyLake, make_topics
from tests.faults.balance import assert_exactly_once
from tests.faults.consumers import count_deduplicated, read_along
from tests.faults.flow import Flow

pytestmark = pytest.mark.servers

COUNT = 1000


@pytest.fixture(scope="module")
def flows(module_lake: EmptyLake) -> Iterator[list[Flow]]:
    """All that was ever sent to the topic of the module's lake."""
    make_topics(module_lake)
    yield []


def test_everything_comes_twice(flows: list[Flow]) -> None:
    """Once in the batches where it came first, once when that is long published; events flow on beside it."""
    first, beside = Flow(PHOTO_EVENTS, "twice", rate=300), Flow(PHOTO_EVENTS, "besidetwice", rate=300)
    flows += [first, beside]
    first.announce(COUNT)
    with beside:
        with read_along(PHOTO_EVENTS):
            first.resend(range(COUNT))
            first.resend(range(COUNT))
        before = count_deduplicated()
        with read_along(PHOTO_EVENTS):
            first.resend(range(COUNT))
    good = sum(not first.is_poison(number) for number in range(COUNT))
    assert count_deduplicated() - before >= good
    finish(flows)


def test_the_last_comes_first(flows: list[Flow]) -> None:
    backwards, beside = Flow(PHOTO_EVENTS, "backwards", rate=300), Flow(PHOTO_EVENTS, "besidebackwards", rate=300)
    flows += [backwards, beside]
    backwards.announce(COUNT)
    with beside, read_along(PHOTO_EVENTS):
        backwards.resend(range(COUNT)[::-1])
        backwards.resend(range(COUNT)[::-1])
    finish(flows)


@pytest.mark.parametrize("clock", [timedelta(days=1), timedelta(days=-364)], ids=["a day ahead", "a year behind"])
def test_a_clock_is_wrong(clock: timedelta, flows: list[Flow]) -> None:
    """Its copies are recognised all the same, and so are those of devices beside it."""
    wrong = Flow(PHOTO_EVENTS, f"wrong{len(flows)}", rate=300, clock=clock)
    right = Flow(PHOTO_EVENTS, f"right{len(flows)}", rate=300)
    flows += [wrong, right]
    for flow in (wrong, right):
        flow.announce(COUNT)
    for _ in range(2):
        with read_along(PHOTO_EVENTS):
            right.resend(range(COUNT // 2))
            wrong.resend(range(COUNT))
            right.resend(range(COUNT // 2, COUNT))
    finish(flows)


def finish(flows: list[Flow]) -> None:
    with read_along(PHOTO_EVENTS):
        pass
    assert_exactly_once(PHOTO_EVENTS, flows)
