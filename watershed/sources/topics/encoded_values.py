"""Values of messages that are not text, as JSON text: Avro or Protobuf in a schema that the contract declares.

Such a value starts with a zero byte and the schema's number, four bytes, big end first: Confluent's framing, which
producers get from their serializers. No schema registry is asked: what may be read is written in the contract.

The JSON keys are the names of the fields; what is null or absent is left out. Instants are ISO 8601 in UTC, decimals
numbers with all their digits, bytes base64, and NaN and the infinities texts, for JSON has no such numbers.
"""

import base64
import io
import json
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import fastavro
from fastavro.schema import UnknownType
from google.protobuf.message import DecodeError

from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Schema, Stream
from watershed.errors import InvalidInput
from watershed.sources.json.text import mark_number, strip_marks
from watershed.sources.topics.protobuf_values import open_reader

FRAME_BYTES = 5
Reader = Callable[[bytes], Any]


class Undecodable(Exception):
    """A value that cannot be read: the text is a sentence about `the message`."""


def is_framed(value: bytes) -> bool:
    """Whether a value says that it is in a schema. No JSON text and no line of a log starts like that."""
    return value[:1] == b"\0"


def decode_value(stream: Stream, value: bytes) -> str:
    """The JSON text of a framed value. Raises Undecodable."""
    if len(value) < FRAME_BYTES or not is_framed(value):
        raise Undecodable("the message does not start with a zero byte and the number of its schema")
    number = int.from_bytes(value[1:FRAME_BYTES], "big", signed=True)
    read = load_readers(stream.schemas).get(number)
    if read is None:
        raise Undecodable(f"the message is in schema {number}, which the stream does not declare")
    try:
        return write_record(read(value[FRAME_BYTES:]))
    except Exception as error:  # whatever a decoder stumbles over in bytes that are not what they claim to be
        has_reason = isinstance(error, ValueError | DecodeError)
        reason = str(error).rpartition(": ")[2] if has_reason else "it is damaged or cut off"
        raise Undecodable(f"the message is not a value of schema {number}: {reason}") from error


@cache
def load_readers(schemas: tuple[Schema, ...]) -> dict[int, Reader]:
    """By schema number, a function from a body to a value. Raises InvalidInput for a declaration that is none."""
    newest = next((s for s in reversed(schemas) if s.format == "avro"), None)
    readers: dict[int, Reader] = {}
    for schema in schemas:
        if schema.id in readers:
            raise InvalidInput(f"schema {schema.id} is declared twice: give each a number of its own in the contract")
        readers[schema.id] = load_reader(schema, newest or schema)
    return readers


def load_reader(schema: Schema, newest: Schema) -> Reader:
    """Raises InvalidInput with what a library has to say about a declaration that it cannot read."""
    try:
        return open_avro(schema, newest) if schema.format == "avro" else open_reader(schema)
    except Exception as error:
        unknown = "the type is unknown: " if isinstance(error, UnknownType) else ""
        why = unknown + str(error).rpartition("pool: ")[2]
        raise InvalidInput(f"schema {schema.id} of the contract is not {name_format(schema)}: {why}") from error


def name_format(schema: Schema) -> str:
    return "an Avro schema" if schema.format == "avro" else "a Protobuf message"


def open_avro(written: Schema, wanted: Schema) -> Reader:
    """A reader of what older devices write, as the newest schema has it."""
    schema = parse_avro(written.text)
    reader_schema = None if written == wanted else parse_avro(wanted.text)

    def read(body: bytes) -> Any:
        stream = io.BytesIO(body)
        value = fastavro.schemaless_reader(stream, schema, reader_schema)
        if rest := len(body) - stream.tell():
            raise ValueError(f"{count_nouns(rest, 'byte')} follow it")
        return value

    return read


def parse_avro(text: str) -> Any:
    """The schema, parsed. Raises InvalidInput where a record has two fields of one name, which a dictionary has not."""
    schema = json.loads(text)
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            names = [f.get("name") for f in part.get("fields", ()) if isinstance(f, dict)]
            if len(set(names)) < len(names):
                raise ValueError(f"{part.get('name')} has two fields of one name")
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return fastavro.parse_schema(schema)


def write_record(value: Any) -> str:
    """Compact JSON of a value of a schema; of a record, without the fields that are null."""
    if isinstance(value, dict):
        value = {name: v for name, v in value.items() if v is not None}
    try:
        text = ENCODER.encode(value)
    except ValueError:
        text = ENCODER.encode(replace_infinities(value))
    return strip_marks(text)


def write_special(value: Any) -> str:
    """What JSON has no type for."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return mark_number(str(value))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON spelling")


ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=write_special)


def replace_infinities(value: Any) -> Any:
    """The value with `NaN`, `Infinity` and `-Infinity` as texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: replace_infinities(v) for name, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [replace_infinities(v) for v in value]
    return value
