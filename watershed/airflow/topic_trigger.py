"""New messages start runs: the triggerer asks the broker, every few seconds, whether a topic has grown.

It looks at where partitions end, not at messages, and knows nothing of the lake: whether there is something to do
decides the run that it starts. Partitions that a continuous consumer reads are none of its concern until that one ends.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

if TYPE_CHECKING:
    from watershed.declarations.table import Stream
    from watershed.sources.topics.topic_ends import TopicEnds

LOOK_S = 3.0
PAUSE_S = 10.0  # from one event to the next; a run takes about as long
LONGEST_REST_S = 30.0


class TopicTrigger(BaseEventTrigger):
    """Fires when partitions of a stream's topic have grown since it last fired, at most once in `pause_s`.

    The first look finds everything grown: what came while nobody looked has to start a run too. It never ends: a
    trigger that raises is dropped, and made again only when its DAG file changes.
    """

    def __init__(self, stream: str, look_s: float = LOOK_S, pause_s: float = PAUSE_S) -> None:
        super().__init__()
        self.stream, self.look_s, self.pause_s = stream, look_s, pause_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        about = {"stream": self.stream, "look_s": self.look_s, "pause_s": self.pause_s}
        return f"{__name__}.{type(self).__name__}", about

    async def run(self) -> AsyncIterator[TriggerEvent]:
        watch = TopicWatch(self.stream)
        rest = self.look_s
        while True:
            began = time.monotonic()
            try:
                grown = await asyncio.to_thread(watch.look)
                rest = self.pause_s if grown else self.look_s
            except Exception as error:  # the broker or the catalogue is away: a later look may find it again
                grown, rest = {}, min(2 * rest, LONGEST_REST_S)
                self.log.warning("%s: %s; looking again in %.0f s", self.stream, error, rest)
            if grown:
                yield TriggerEvent({"stream": self.stream, "messages": sum(grown.values())})
            await asyncio.sleep(max(0.0, rest - (time.monotonic() - began)))


class TopicWatch:
    """What the trigger has told of a topic. Its methods block, so they run in a thread."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.told: dict[int, int] = {}
        self.client: TopicEnds | None = None

    def look(self) -> dict[int, int]:
        """By partition the number of messages since the last look that found any; empty when there are none."""
        from watershed.flows.streams.leases import list_leased
        from watershed.sources.topics.topic_ends import TopicEnds

        stream = find_declared(self.stream)
        self.client = self.client or TopicEnds(stream)
        ends = self.client.find(without=list_leased(stream))
        grown = find_growth(ends, self.told)
        self.told |= ends
        return grown


def find_declared(name: str) -> "Stream":
    """The stream, also one that was declared after the triggerer began. Raises NotFound."""
    from watershed.declarations import find_stream, forget_contracts, load_streams

    if name not in load_streams():
        forget_contracts()
    return find_stream(name)


def find_growth(ends: Mapping[int, int], told: Mapping[int, int]) -> dict[int, int]:
    """By partition the number of new messages. A shorter one than before was made anew: all of it is new."""
    new = {partition: end - told.get(partition, 0) for partition, end in ends.items()}
    return {partition: count if count > 0 else ends[partition] for partition, count in new.items() if count}
