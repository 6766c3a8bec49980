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
    "watershed.flows.streams.consume:publish_batch:before:3",  # messages taken, nowhere but in memory
    "watershed.flows.streams.consume:land_batch:after:3",  # a raw object that no offsets speak of
    "watershed.flows.ingest.stage_records:stage_table_slice:after:3",  # staged files written, no manifest
    "watershed.flows.run:stage_source:after:3",
    "watershed.flows.run:check_table:after:3",
    "watershed.warehouse.publish:replace_parts:after:3",  # inside the transaction: files registered
    "watershed.warehouse.publish:write_ledger:after:3",  # inside the transaction: all written, not committed
    "watershed.flows.ingest.publish:publish:after:3",  # committed, and nobody knows
    "watershed.flows.upkeep.compact:merge_files:after:1",  # some tables compacted
]
# The moments between those, which leave the same behind.
MORE_DEATHS = [
    "watershed.flows.ingest.land_topic:land_messages:before:3",
    "watershed.flows.streams.consume:leave_manifest:after:3",
    "watershed.flows.ingest.check:settle_rows:after:3",
    "watershed.flows.ingest.publish:publish:before:3",
    "watershed.flows.streams.consume:compact:before:1",
    "watershed.flows.streams.consume:compact:after:1",
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
