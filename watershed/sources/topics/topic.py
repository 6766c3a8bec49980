"""A topic, read by offset.

Words used here:
*position*: the first offset of a partition that is not published yet. The lake knows it, never the broker: partitions
are assigned by hand, and no consumer group is joined.
*batch*: messages taken together; for each partition a range of offsets that starts at its position.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from watershed.declarations.table import Stream
from watershed.errors import InvalidInput, NoAnswer, UserError
from watershed.settings import read_setting, topic_name
from watershed.sources.topics.broker import explain_error, hear_broker, open_client
from watershed.sources.topics.raw_messages import build_messages
from watershed.sources.topics.topic_ends import list_partitions

BATCH_BYTES = 64 << 20  # of values; also what the client may fetch ahead, which is what holds a fast topic back
FETCHED = 10_000
TIMEOUT_S = 10.0


class OffsetsLost(UserError):
    """The broker no longer has, or never had, the message at a position."""


@dataclass(frozen=True)
class Range:
    """What a batch holds of one partition. `lost_count`: messages that the broker had deleted before they were read."""

    partition: int
    first_offset: int
    next_offset: int
    message_count: int
    lost_count: int = 0


@dataclass
class Batch:
    """Messages in the order of arrival; within a partition, that of their offsets."""

    messages: list[Message] = field(default_factory=list)
    value_bytes: int = 0
    is_held: bool = False  # whether messages behind a gap are left for another time

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.value_bytes += len(message)


@contextmanager
def open_consumer(stream: Stream) -> Iterator["TopicReader"]:
    """A reader of the stream's topic. Raises InvalidInput for settings that make no sense."""
    own: dict[str, str | int | bool] = {
        "group.id": f"watershed-{stream.name}",  # the client wants one; nothing is ever committed to it
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "queued.max.messages.kbytes": BATCH_BYTES >> 10,
        "queued.min.messages": 1_000_000,
        "fetch.wait.max.ms": 1000,  # the local broker needs it to list the batches of a long partition
    }
    gap_seconds = read_gap()
    consumer = open_client(own)
    try:
        yield TopicReader(consumer, topic_name(stream.topic), gap_seconds)
    finally:
        consumer.close()


def read_gap() -> float:
    text = read_setting("kafka_gap_s", "0")
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"WATERSHED_KAFKA_GAP_S is {text!r} and not a number of seconds") from None


class TopicReader:
    """Reads partitions of one topic from given positions on. A gap in the offsets is believed after `gap_seconds`."""

    def __init__(self, consumer: Consumer, topic: str, gap_seconds: float = 0) -> None:
        self.consumer = consumer
        self.topic = topic
        self.gap_seconds = gap_seconds
        self.positions: dict[int, int] = {}
        self.lost: dict[int, int] = {}
        self.gaps: dict[tuple[int, int], float] = {}

    def list_partitions(self) -> list[int]:
        """Raises NotFound when there is no such topic, NoAnswer when no broker answers."""
        return list_partitions(self.consumer, self.topic)

    def assign(self, positions: Mapping[int, int | None], skip_lost: bool = False) -> None:
        """Read these partitions from here on; None: from the first message that the broker has. Raises OffsetsLost,
        NoAnswer."""
        starts = {}
        for partition, position in positions.items():
            with hear_broker():
                low, _ = self.consumer.get_watermark_offsets(TopicPartition(self.topic, partition), timeout=TIMEOUT_S)
            start = low if position is None else position
            if start < low:
                if not skip_lost:
                    raise OffsetsLost(explain_loss(self.topic, partition, start, low))
                self.lost[partition], start = low - start, low
            starts[partition] = start
        self.positions = starts
        self.consumer.assign([TopicPartition(self.topic, p, offset) for p, offset in starts.items()])

    def find_end(self, partition: int) -> int | None:
        """The offset behind the last message, as the broker's latest answer to a fetch says; None before the first.

        Asked for its end offsets, the local broker names the first message of its last batch instead. Raises
        OffsetsLost where the topic ends before the position: nothing would ever arrive.
        """
        _, end = self.consumer.get_watermark_offsets(TopicPartition(self.topic, partition), cached=True)
        if 0 <= end < self.positions[partition]:
            raise OffsetsLost(
                f"{self.topic}/{partition} ends at offset {end} and is published up to {self.positions[partition]}: "
                "the topic was made anew or cut off; give it another name, or WATERSHED_TOPIC_PREFIX another value"
            )
        return end if end >= 0 else None

    def take(self, messages: int, seconds: float) -> Batch:
        """What arrives within the time, and whatever lies ready then, up to so many messages or BATCH_BYTES."""
        batch, deadline = Batch(), time.monotonic() + seconds
        while len(batch.messages) < messages and batch.value_bytes < BATCH_BYTES:
            left = max(0.0, deadline - time.monotonic())
            fetched = self.consumer.consume(min(FETCHED, messages - len(batch.messages)), min(left, 0.2))
            if not fetched and not left:
                break
            for message in fetched:
                if (error := message.error()) is not None:
                    examine_error(self.topic, error)
                else:
                    batch.add(message)
        return self.hold_back(batch)

    def take_until(self, messages: int, ends: dict[int, int]) -> Batch:
        """What lies before the ends that the partitions have when this is first called, and remembers in `ends`, up to
        so many messages or BATCH_BYTES. Raises NoAnswer when the broker sends nothing."""
        batch, heard_at = Batch(), time.monotonic()
        unfinished = {p for p, position in self.positions.items() if p not in ends or position < ends[p]}
        while unfinished and len(batch.messages) < messages and batch.value_bytes < BATCH_BYTES:
            # It waits until it has all of them, or so long.
            fetched = self.consumer.consume(min(FETCHED, messages - len(batch.messages)), 0.2)
            heard_at = time.monotonic() if fetched else heard_at
            for partition in () if fetched else unfinished:
                self.find_end(partition)  # the local broker answers with silence where the topic was made anew
            if time.monotonic() - heard_at > TIMEOUT_S:
                raise NoAnswer(f"{self.topic}: the broker sent nothing for {TIMEOUT_S:.0f} s before the end")
            for message in fetched:
                partition, offset = message.partition() or 0, message.offset() or 0
                if partition not in ends and (end := self.find_end(partition)) is not None:
                    ends[partition] = end
                if (error := message.error()) is not None:
                    examine_error(self.topic, error)
                elif offset < ends[partition]:
                    batch.add(message)
                    offset += 1
                if offset >= ends[partition]:  # the end of a partition is told by an error that has its offset
                    unfinished.discard(partition)
        return self.hold_back(batch)

    def hold_back(self, batch: Batch) -> Batch:
        """The batch without what lies behind a gap in the offsets of its partition, to be fetched again.

        The local broker may tell readers of messages that it is still writing, and then they are skipped; the gaps that
        other brokers have are compaction and ends of transactions.
        """
        if not self.gap_seconds or not batch.messages:
            return batch
        partitions = np.array([m.partition() for m in batch.messages])
        offsets = np.array([m.offset() for m in batch.messages])
        kept = np.ones(len(offsets), bool)
        for partition in np.unique(partitions).tolist():
            own = np.flatnonzero(partitions == partition)
            expected = np.concatenate(([self.positions[partition]], offsets[own][:-1] + 1))
            for jump in np.flatnonzero(offsets[own] != expected):
                seen = self.gaps.setdefault((partition, int(expected[jump])), time.monotonic())
                if time.monotonic() - seen < self.gap_seconds:
                    kept[own[jump:]] = False
                    self.consumer.seek(TopicPartition(self.topic, partition, int(expected[jump])))
                    batch.is_held = True
                    break
        if batch.is_held:
            batch.messages = [batch.messages[place] for place in np.flatnonzero(kept)]
        return batch

    def measure_lag(self) -> dict[int, int]:
        """How many messages of each partition are not read, as far as the client has heard. Raises OffsetsLost."""
        return {p: (self.find_end(p) or position) - position for p, position in self.positions.items()}

    def close_batch(self, batch: Batch) -> tuple[pa.Table, list[Range]]:
        """The batch as a table (RAW_SCHEMA) with its ranges; the positions move behind it."""
        table = build_messages(batch.messages, datetime.now(UTC).replace(tzinfo=None))
        counted = table.group_by("partition").aggregate([("offset", "count"), ("offset", "max")]).to_pylist()
        ranges = []
        for counts in sorted(counted, key=lambda c: c["partition"]):
            partition, end = counts["partition"], counts["offset_max"] + 1
            first, lost = self.positions[partition], self.lost.pop(partition, 0)
            ranges.append(Range(partition, first, end, counts["offset_count"], lost))
            self.positions[partition] = end
        return table, ranges


def explain_loss(topic: str, partition: int, start: int, low: int) -> str:
    return (
        f"{topic}/{partition} is published up to offset {start}, and the broker has deleted the next {low - start} "
        f"messages: lengthen the topic's retention; `watershed stream start --skip-lost` goes on from {low} and "
        "records it"
    )


def examine_error(topic: str, error: KafkaError) -> None:
    """Raise for what does not pass by itself. A broker that is away is tried again by the client."""
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise OffsetsLost(
            f"{topic}: {error.str()}; where messages were deleted `watershed stream start --skip-lost` goes on and "
            "records it; a topic made anew needs another name"
        )
    if error.fatal() or error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED):
        raise explain_error(topic, error)
