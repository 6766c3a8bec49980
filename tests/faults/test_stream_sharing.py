"""Consumers are started, stopped and killed at will while events flow: partitions move, and that is all."""

from pathlib import Path

import pytest

from contracts.photo_events import PHOTO_EVENTS
from tests.empty_lake import EmptyLake
from tests.faults.balance import assert_exactly_once
from tests.faults.consumers import Consumer, count_consumers, wait_until_read
from tests.faults.flow import Flow

pytestmark = pytest.mark.servers

PARTITIONS = 4


def test_consumers_come_and_go(lake: EmptyLake, topics: dict[str, str], tmp_path: Path) -> None:
    flows = [Flow(PHOTO_EVENTS, name, rate=300) for name in ("one", "other")]
    with flows[0], flows[1]:
        first = Consumer(tmp_path)
        first.wait_until_reading(PARTITIONS)
        second = Consumer(tmp_path)
        second.wait_until_reading(2)
        first.wait_until_reading(2)
        third = Consumer(tmp_path)
        third.wait_until_reading(1)
        second.kill()
        first.wait_until_reading(2)
        third.wait_until_reading(2)
        first.stop()
        third.wait_until_reading(PARTITIONS)
        fourth = Consumer(tmp_path)
        fourth.wait_until_reading(2)
        third.kill()
        fourth.wait_until_reading(PARTITIONS)
    wait_until_read(PHOTO_EVENTS, fourth.tell)
    fourth.stop()
    assert_exactly_once(PHOTO_EVENTS, flows)
    assert count_consumers() >= 3
