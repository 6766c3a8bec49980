"""Landing of messages: from where the lake's offsets end to where the topic ends, or as far as a micro-batch goes."""

from contextlib import closing
from dataclasses import asdict, dataclass

from watershed.declarations.table import Stream
from watershed.flows.begun import Run
from watershed.flows.landed import Landed, Settled, write_landed
from watershed.flows.streams.leases import list_leased
from watershed.lake.store import Store
from watershed.settings import topic_name
from watershed.sources.kafka import land_messages
from watershed.sources.topics.topic import Batch, TopicReader, open_consumer
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import read_positions
from watershed.warehouse.ledger.rows import OffsetRow

OBJECT_MESSAGES = 500_000


@dataclass(frozen=True)
class LandedBatch:
    """A raw object of messages, its size in bytes, and what it holds of each partition."""

    key: str
    bytes: int
    offsets: list[OffsetRow]


def take_topic(run: Run, stream: Stream) -> dict[str, int]:
    """Land all messages up to the ends that the partitions have now. Partitions that a consumer reads are left to it.

    Leaves `land.json`; returns the number of objects, bytes and messages.
    """
    objects: dict[str, int] = {}
    offsets: list[OffsetRow] = []
    with open_consumer(stream) as reader:
        with closing(connect()) as con:
            known = read_positions(con, reader.topic)
        leased = list_leased(stream)
        reader.assign({p: known.get(p) for p in reader.list_partitions() if p not in leased})
        ends: dict[int, int] = {}
        while (batch := reader.take_until(OBJECT_MESSAGES, ends)).messages or batch.is_held:
            if not batch.messages:
                continue
            landed = land_batch(stream, reader, batch, run.store)
            objects[landed.key] = landed.bytes
            offsets += landed.offsets
    leave_manifest(run, stream, list(objects), offsets)
    messages = sum(row.message_count for row in offsets)
    return {"objects": len(objects), "bytes": sum(objects.values()), "messages": messages}


def land_batch(stream: Stream, reader: TopicReader, batch: Batch, store: Store) -> LandedBatch:
    """Write one batch as a raw object."""
    table, ranges = reader.close_batch(batch)
    landed = land_messages(store, stream, table, ranges)
    topic = topic_name(stream.topic)
    offsets = [OffsetRow(stream.name, topic, landed.key, **asdict(one)) for one in ranges]
    return LandedBatch(landed.key, landed.bytes, offsets)


def leave_manifest(run: Run, stream: Stream, objects: list[str], offsets: list[OffsetRow]) -> None:
    write_landed(run, Landed(stream, Settled(objects), layer=stream.layer, offsets=offsets))
