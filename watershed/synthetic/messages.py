"""Messages that a producer sends, and encoders of events in the schemas that contracts declare."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import fastavro

from watershed.declarations.table import Schema
from watershed.sources.topics.protobuf_values import build_message

Encode = Callable[[dict[str, Any]], bytes]


class Message(NamedTuple):
    """What a producer hands to a broker. Messages with the same key keep their order."""

    value: bytes | None
    key: bytes | None = None
    event_id: str | None = None  # goes into the header `event-id`


def encode_json(event: dict[str, Any]) -> bytes:
    """The event as most devices write it."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def open_encoder(schema: Schema) -> Encode:
    """A function from an event, as it is in JSON, to a framed value in the schema."""
    frame = b"\0" + schema.id.to_bytes(4, "big")
    if schema.format == "protobuf":
        make = build_message(schema)
        return lambda event: frame + b"\0" + make(**event).SerializeToString()
    parsed = fastavro.parse_schema(json.loads(schema.text))

    def encode(event: dict[str, Any]) -> bytes:
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, parsed, event | {"at": datetime.fromisoformat(event["at"])})
        return frame + stream.getvalue()

    return encode
