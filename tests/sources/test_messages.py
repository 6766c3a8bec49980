"""Values in declared schemas become JSON text; bytes that are not what they claim to be become a sentence."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.photo_event_schemas import AVRO_1, AVRO_2, SCHEMAS
from contracts.photo_events import PHOTO_EVENTS
from watershed.declarations.table import Schema, Stream
from watershed.sources.topics.encoded_values import Undecodable, decode_value, is_framed, load_readers
from watershed.sources.topics.protobuf_values import build_message, parse_fields

AT = datetime(2024, 3, 4, 5, 6, 7, 80, tzinfo=UTC)
EVENT = {"event_id": "e1", "event": "addPhoto", "id": 133422131, "version": 1, "leader": "phone-1"}
ADDED = {"user": 54351, "path": "/st/u211/1U6uF147Fy.jpg", "bytes": 5, "camera": 7}
ALL_TYPES = """
double a = 1;
repeated float b = 2;
bytes c = 3;
bool d = 4;
sint64 e = 5;
optional fixed32 f = 6; // may be absent
uint64 g = 7;
optional string h = 8;
"""


def write_avro(text: str, record: Any, number: int) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(json.loads(text)), record)
    return b"\0" + number.to_bytes(4, "big") + stream.getvalue()


def write_protobuf(schema: Schema, index: bytes = b"\0", **fields: Any) -> bytes:
    return b"\0" + schema.id.to_bytes(4, "big") + index + build_message(schema)(**fields).SerializeToString()


def declare(*schemas: Schema) -> Stream:
    return Stream("made_up", "kafka", "", topic="made-up", schemas=schemas)


def decode(value: bytes, stream: Stream = PHOTO_EVENTS) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(decode_value(stream, value), parse_constant=refuse)


def decode_one(schema: dict[str, Any] | str, value: Any) -> str:
    """The JSON of a record with one field `v` of this type."""
    text = json.dumps({"type": "record", "name": "One", "fields": [{"name": "v", "type": schema}]})
    return decode_value(declare(Schema(9, "avro", text)), write_avro(text, {"v": value}, 9))


def test_an_older_writer_is_read_by_the_newest_schema() -> None:
    old = decode(write_avro(AVRO_1, EVENT | ADDED | {"at": AT}, 1))
    new = decode(write_avro(AVRO_2, EVENT | ADDED | {"at": AT, "title": "Zoë"}, 2))
    assert old == EVENT | ADDED | {"at": "2024-03-04T05:06:07.000080Z"}
    assert new == old | {"title": "Zoë"}


def test_an_older_writer_gets_the_default_of_a_new_field() -> None:
    newest = json.loads(AVRO_1)
    newest["fields"].append({"name": "format", "type": "string", "default": "jpeg"})
    newest["fields"] = [f for f in newest["fields"] if f["name"] != "leader"]
    stream = declare(SCHEMAS[0], Schema(2, "avro", json.dumps(newest)))
    found = decode(write_avro(AVRO_1, EVENT | {"at": AT}, 1), stream)
    assert found["format"] == "jpeg"
    assert "leader" not in found


def test_all_formats_give_the_same_event() -> None:
    avro = decode(write_avro(AVRO_2, EVENT | ADDED | {"at": AT}, 2))
    protobuf = decode(write_protobuf(SCHEMAS[2], **EVENT, **ADDED, at=AT.isoformat().replace("+00:00", "Z")))
    assert protobuf == avro


def test_protobuf_leaves_out_absent_optional_fields_only() -> None:
    found = decode(write_protobuf(SCHEMAS[2], event_id="e1", user=0))
    required = {"event_id": "e1", "event": "", "id": 0, "version": 0, "leader": "", "at": ""}
    assert found == required | {"user": 0}


def test_protobuf_types_and_infinities() -> None:
    schema = Schema(7, "protobuf", ALL_TYPES)
    fields = {"a": float("nan"), "b": [1.5, float("-inf")], "c": b"\0\xff", "d": True, "e": -1, "g": 2**64 - 1}
    found = decode(write_protobuf(schema, **fields), declare(schema))
    assert found == {"a": "NaN", "b": [1.5, "-Infinity"], "c": "AP8=", "d": True, "e": -1, "g": 2**64 - 1}


def test_protobuf_passes_over_fields_of_a_newer_writer() -> None:
    newer = Schema(3, "protobuf", f"{SCHEMAS[2].text}string mood = 12;")
    assert decode(write_protobuf(newer, event_id="e1", mood="calm"))["event_id"] == "e1"


def test_both_spellings_of_the_first_message_are_read() -> None:
    assert decode(write_protobuf(SCHEMAS[2], b"\2\0", id=4))["id"] == 4
    with pytest.raises(Undecodable, match="another message"):
        decode(write_protobuf(SCHEMAS[2], b"\2\2", id=4))


@pytest.mark.parametrize(
    "schema, value, expected",
    [
        ({"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2}, Decimal("0.10"), "0.10"),
        ({"type": "long", "logicalType": "timestamp-millis"}, AT, '"2024-03-04T05:06:07Z"'),
        ({"type": "long", "logicalType": "local-timestamp-micros"}, AT.replace(tzinfo=None),
         '"2024-03-04T05:06:07.000080"'),
        ({"type": "int", "logicalType": "date"}, date(2024, 3, 4), '"2024-03-04"'),
        ({"type": "int", "logicalType": "time-millis"}, AT.time(), '"05:06:07"'),
        ({"type": "string", "logicalType": "uuid"}, UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        ({"type": "map", "values": "double"}, {"x": float("inf"), "y": 0.5}, '{"x":"Infinity","y":0.5}'),
        ({"type": "array", "items": ["null", "bytes"]}, [None, b"\0"], '[null,"AA=="]'),
        ({"type": "fixed", "name": "F", "size": 2}, b"ab", '"YWI="'),
        ("long", 2**63 - 1, "9223372036854775807"),
        ("string", 'a "quoted"\n\0 text', '"a \\"quoted\\"\\n\\u0000 text"'),
    ],
)  # fmt: skip
def test_what_json_has_no_type_for_is_spelled(schema: Any, value: Any, expected: str) -> None:
    assert decode_one(schema, value) == f'{{"v":{expected}}}'


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\0\0\0", b"\1\0\0\0\1", b'{"id": 1}'])
def test_a_value_without_frame(value: bytes) -> None:
    assert is_framed(value) == value.startswith(b"\0")
    with pytest.raises(Undecodable, match="does not start with"):
        decode(value)


@pytest.mark.parametrize("number", [0, 4, 2**31 - 1])
def test_an_unknown_schema_is_named(number: int) -> None:
    with pytest.raises(Undecodable, match=f"the message is in schema {number}, which"):
        decode(b"\0" + number.to_bytes(4, "big") + b"x")


@pytest.mark.parametrize("text", [AVRO_1, AVRO_2])
def test_a_cut_or_continued_avro_body(text: str) -> None:
    value = write_avro(text, EVENT | ADDED | {"at": AT}, SCHEMAS[0].id if text == AVRO_1 else SCHEMAS[1].id)
    for end in range(5, len(value)):
        with pytest.raises(Undecodable, match="not a value of schema"):
            decode(value[:end])
    with pytest.raises(Undecodable, match="3 bytes follow it"):
        decode(value + b"\0\0\0")


def test_an_instant_beyond_the_calendar() -> None:
    as_numbers = AVRO_2.replace(', "logicalType": "timestamp-micros"', "")
    with pytest.raises(Undecodable):
        decode(write_avro(as_numbers, EVENT | {"at": 2**62}, 2))


LONGS = st.integers(-(2**63), 2**63 - 1)
FRAMES = st.sampled_from([1, 2, 3]).map(lambda number: b"\0" + number.to_bytes(4, "big"))
GOOD = st.sampled_from(
    [
        write_avro(AVRO_1, EVENT | ADDED | {"at": AT}, 1),
        write_avro(AVRO_2, EVENT | ADDED | {"at": AT}, 2),
        write_protobuf(SCHEMAS[2], **EVENT, **ADDED, at="2024-03-04T05:06:07Z"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good value with some bytes replaced, and perhaps cut."""
    value = bytearray(draw(GOOD))
    for at, byte in draw(st.lists(st.tuples(st.integers(5, len(value) - 1), st.integers(0, 255)), max_size=6)):
        value[at] = byte
    return bytes(value[: draw(st.integers(0, len(value)))])


@given(st.binary(max_size=80) | damaged() | st.tuples(FRAMES, st.binary(max_size=80)).map(b"".join))
def test_no_bytes_do_anything_but_decode_or_be_refused(value: bytes) -> None:
    try:
        text = decode_value(PHOTO_EVENTS, value)
    except Undecodable as refused:
        assert str(refused).startswith("the message ")
        return
    assert isinstance(json.loads(text.encode()), dict)


NESTED = json.dumps(
    {"type": "record", "name": "Tree", "fields": [
        {"name": "children", "type": {"type": "array", "items": "Tree"}},
        {"name": "tags", "type": {"type": "map", "values": ["null", "double", "bytes"]}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["a", "b"]}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]}]}
)  # fmt: skip


@given(st.binary(max_size=120))
def test_no_bytes_harm_a_reader_of_nested_records(body: bytes) -> None:
    stream = declare(Schema(9, "avro", NESTED))
    try:
        text = decode_value(stream, b"\0\0\0\0\x09" + body)
    except Undecodable:
        return
    assert isinstance(json.loads(text), dict)


@given(
    st.fixed_dictionaries(
        {"event_id": st.text(), "event": st.text(), "id": LONGS, "version": LONGS, "leader": st.text()},
        optional={"user": LONGS | st.none(), "title": st.text(), "path": st.text() | st.none()},
    )
)
def test_what_avro_and_protobuf_write_is_read(event: dict[str, Any]) -> None:
    said = {name: value for name, value in event.items() if value is not None}
    assert decode(write_avro(AVRO_2, event | {"at": AT}, 2)) == said | {"at": "2024-03-04T05:06:07.000080Z"}
    assert decode(write_protobuf(SCHEMAS[2], **said)) == said | {"at": ""}


@pytest.mark.parametrize("line", ["string a 1;", "text a = 1;", "string a = 0;", "message A {", "string a = 1"])
def test_a_line_that_declares_no_field_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="declares no Protobuf field"):
        list(parse_fields(line))


def test_schemas_are_parsed_once() -> None:
    assert load_readers(PHOTO_EVENTS.schemas) is load_readers(tuple(Schema(*vars(s).values()) for s in SCHEMAS))
