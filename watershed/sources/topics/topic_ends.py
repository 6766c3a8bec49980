"""Where the partitions of a topic end, without reading what lies before.

The end is told by the answer to a fetch. (Asked for end offsets, the local broker names the first message of the last
batch instead.) So each look fetches at most one batch, from where the partition ended at the last look.
"""

import time
from collections.abc import Collection

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from watershed.declarations.table import Stream
from watershed.errors import NoAnswer
from watershed.settings import topic_name
from watershed.sources.topics.broker import explain_absence, explain_error, hear_broker, open_client

ANSWER_S = 10.0
FETCH_WAIT_MS = 500  # the local broker needs it to list a long partition; an answer without messages takes as long


class TopicEnds:
    """A client that stays connected between looks; between them it fetches nothing. For one thread at a time."""

    def __init__(self, stream: Stream) -> None:
        self.topic = topic_name(stream.topic)
        self.ends: dict[int, int] = {}
        own: dict[str, str | int | bool] = {
            "group.id": f"watershed-{stream.name}-ends",  # the client wants one; nothing is ever committed to it
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": FETCH_WAIT_MS,
            "fetch.message.max.bytes": 1,  # at least a batch comes all the same
            "queued.min.messages": 1,
        }
        self.consumer = open_client(own)

    def find(self, without: Collection[int] = ()) -> dict[int, int]:
        """By partition the offset behind its last message, those `without` left out.

        Raises NotFound when there is no such topic, NoAnswer or NoAnswer when the broker does not answer.
        """
        wanted = set(list_partitions(self.consumer, self.topic)) - set(without)
        if wanted:
            self.consumer.assign([TopicPartition(self.topic, p, self.ends.get(p, OFFSET_BEGINNING)) for p in wanted])
            try:
                self.hear(wanted)
            finally:
                self.consumer.unassign()
        return {partition: self.ends[partition] for partition in sorted(wanted)}

    def hear(self, partitions: Collection[int]) -> None:
        """Wait until each of the partitions has sent a message or said that there is none."""
        silent, deadline = set(partitions), time.monotonic() + ANSWER_S
        while silent and time.monotonic() < deadline:
            for message in self.consumer.consume(100, 0.2):
                if (error := message.error()) is not None and (error.fatal() or message.partition() is None):
                    raise explain_error(self.topic, error)
                silent.discard(message.partition() or 0)
        for partition in partitions:
            _, end = self.consumer.get_watermark_offsets(TopicPartition(self.topic, partition), cached=True)
            if end < 0:
                raise NoAnswer(f"{self.topic}/{partition}: within {ANSWER_S:.0f} s no broker said where it ends")
            self.ends[partition] = end


def list_partitions(consumer: Consumer, topic: str) -> list[int]:
    """Raises NotFound when there is no such topic, NoAnswer when no broker answers."""
    with hear_broker():
        about = consumer.list_topics(topic, timeout=ANSWER_S).topics[topic]
    if about.error is not None or not about.partitions:
        raise explain_absence(topic)
    return sorted(about.partitions)
