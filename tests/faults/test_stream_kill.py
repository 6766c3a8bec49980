"""kill -9 of a consumer in every step while events flow: another one goes on, nothing lost, nothing doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.photo_events import PHOTO_EVENTS
from tests.empty_lake import EmptyLake, make_topics
from tests.faults.balance import assert_exactly_once
from tests.faults.consumers import Consumer, read_along
from tests.faults.flow import Flow

pytestmark = pytest.mark.servers

# The third batch: some are published, and the topic holds more.
DEATHS = [
    "steps.stream:publish_batch:before:3",  # messages taken, nowhere but in memory
    "steps.stream:land_batch:after:3",  # a raw object that no offsets speak of
    "steps.stage_records:stage_table_slice:after:3",  # staged files written, no manifest
    "steps.stream:stage_source:after:3",
    "steps.stream:check_table:after:3",
    "warehouse.publish:replace_parts:after:3",  # inside the transaction: files registered
    "warehouse.publish:write_ledger:after:3",  # inside the transaction: all written, not committed
    "steps.publish:publish:after:3",  # committed, and nobody knows
    "steps.compact:merge_files:after:1",  # some tables compacted
]
# The moments between those, which leave the same behind.
MORE_DEATHS = [
    "steps.land_topic:land_messages:before:3",
    "steps.stream:leave_manifest:after:3",
    "steps.check:settle_rows:after:3",
    "steps.publish:publish:before:3",
    "steps.stream:compact:before:1",
    "steps.stream:compact:after:1",
]


@pytest.fixture(scope="module")
def flows(module_lake: EmptyLake) -> Iterator[list[Flow]]:
    """All that was ever sent to the topic of the module's lake."""
    make_topics(module_lake)
    yield []


@pytest.mark.parametrize("death", [*DEATHS, *(pytest.param(death, marks=pytest.mark.soak) for death in MORE_DEATHS)])
def test_another_consumer_goes_on(death: str, flows: list[Flow], tmp_path: Path) -> None:
    flows.append(Flow(PHOTO_EVENTS, f"kill{len(flows)}", rate=500))
    with flows[-1]:
        Consumer(tmp_path, death).wait_for_death()
    with read_along(PHOTO_EVENTS) as told:
        pass
    assert "starting over" not in "".join(told)
    assert_exactly_once(PHOTO_EVENTS, flows)
