"""Messages as they came, in Arrow: what a raw object of a stream holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

UTC_MICROS = pa.timestamp("us")
RAW_SCHEMA = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("sent_at", UTC_MICROS),  # the producer's clock, or the broker's where the topic says so; null where unknown
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("headers", pa.list_(pa.struct([("name", pa.string()), ("value", pa.binary())]))),
        ("received_at", UTC_MICROS),  # when the batch was complete
    ]
)


def build_messages(messages: Sequence[Message], received_at: datetime) -> pa.Table:
    """Messages as RAW_SCHEMA, in order of partition and offset."""
    topics = pa.array([m.topic() for m in messages[:1]], pa.string())
    stamps = np.array([read_stamp(m) for m in messages], "datetime64[ms]").astype("datetime64[us]")
    headers = [m.headers() for m in messages]
    columns = [
        pa.repeat(topics[0] if messages else "", len(messages)),
        pa.array([m.partition() for m in messages], pa.int32()),
        pa.array([m.offset() for m in messages], pa.int64()),
        pa.array(stamps, UTC_MICROS),
        pa.array([m.key() for m in messages], pa.binary()),
        pa.array([m.value() for m in messages], pa.binary()),
        build_headers(headers),
        pa.repeat(pa.scalar(received_at, UTC_MICROS), len(messages)),
    ]
    table = pa.Table.from_arrays(columns, schema=RAW_SCHEMA)
    return table.sort_by([("partition", "ascending"), ("offset", "ascending")])


def read_stamp(message: Message) -> int | None:
    kind, milliseconds = message.timestamp()
    return None if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds


def build_headers(headers: Sequence[Any]) -> pa.Array:
    kind = RAW_SCHEMA.field("headers").type
    if not any(headers):
        return pa.nulls(len(headers), kind)
    flat = [pair for own in headers for pair in own or ()]
    offsets = np.zeros(len(headers) + 1, np.int32)
    offsets[1:] = np.cumsum([len(own or ()) for own in headers])
    pairs = pa.StructArray.from_arrays(
        [pa.array([n for n, _ in flat], pa.string()), pa.array([v for _, v in flat], pa.binary())], ["name", "value"]
    )
    return pa.ListArray.from_arrays(pa.array(offsets), pairs).cast(kind)
