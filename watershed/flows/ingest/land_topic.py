"""Landing of messages: from where the lake's offsets end to where the topic ends, or as far as a micro-batch goes."""

from contextlib import closing
from dataclasses import asdict
from typing import Any

from watershed.declarations.table import Stream
from watershed.flows.streams.leases import list_leased
from watershed.lake.store import Store, step_key
from watershed.settings import topic_name
from watershed.sources.kafka import land_messages
from watershed.sources.topics.topic import Batch, TopicReader, open_consumer
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import read_positions

OBJECT_MESSAGES = 500_000


def take_topic(stream: Stream, run_id: str, store: Store) -> dict[str, int]:
    """Land all messages up to the ends that the partitions have now. Partitions that a consumer reads are left to it.

    Leaves `land.json`; returns the number of objects, bytes and messages.
    """
    objects: dict[str, int] = {}
    offsets: list[dict[str, Any]] = []
    with open_consumer(stream) as reader:
        with closing(connect()) as con:
            known = read_positions(con, reader.topic)
        leased = list_leased(stream)
        reader.assign({p: known.get(p) for p in reader.list_partitions() if p not in leased})
        ends: dict[int, int] = {}
        while (batch := reader.take_until(OBJECT_MESSAGES, ends)).messages or batch.is_held:
            if not batch.messages:
                continue
            landed = land_batch(stream, reader, batch, store)
            objects[landed["key"]] = landed["bytes"]
            offsets += landed["offsets"]
    leave_manifest(stream, run_id, list(objects), offsets, store)
    messages = sum(row["message_count"] for row in offsets)
    return {"objects": len(objects), "bytes": sum(objects.values()), "messages": messages}


def land_batch(stream: Stream, reader: TopicReader, batch: Batch, store: Store) -> dict[str, Any]:
    """Write one batch as a raw object. Returns its key and bytes, and its rows for `ledger.offsets`."""
    table, ranges = reader.close_batch(batch)
    landed = land_messages(store, stream, table, ranges)
    about = {"source": stream.name, "topic": topic_name(stream.topic), "raw_object": landed.key}
    return {"key": landed.key, "bytes": landed.bytes, "offsets": [about | asdict(one) for one in ranges]}


def leave_manifest(
    stream: Stream, run_id: str, objects: list[str], offsets: list[dict[str, Any]], store: Store
) -> None:
    about = {"source": stream.name, "objects": objects, "rebuild": False, "layer": stream.layer, "offsets": offsets}
    store.write_json(step_key(run_id, "land"), about)
