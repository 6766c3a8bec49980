"""What devices wrote in any declared schema stays readable: Avro by the newest one, Protobuf because numbers last."""

import io
import json
from collections.abc import Iterator
from itertools import combinations

import fastavro
import pytest
from fastavro.utils import generate_many

from watershed.declarations import load_streams
from watershed.declarations.table import Schema
from watershed.sources.topics.protobuf_values import parse_fields

RECORDS = 200  # made-up ones of a schema, so that each branch of its unions and each symbol of its enums occurs


def list_breaks(schemas: tuple[Schema, ...]) -> list[str]:
    """A sentence for each schema that cannot live beside the others."""
    avro = [s for s in schemas if s.format == "avro"]
    protobuf = [s for s in schemas if s.format == "protobuf"]
    numbers = [s.id for s in schemas]
    twice = [f"{n} names two schemas" for n in sorted(set(numbers)) if numbers.count(n) > 1]
    unread = [why for s in avro for why in find_unreadable(s, avro[-1])]
    return twice + unread + [why for older, newer in combinations(protobuf, 2) for why in compare_fields(older, newer)]


def find_unreadable(written: Schema, newest: Schema) -> Iterator[str]:
    """Asked of the reader itself, with records made up for the schema."""
    writer, reader = (fastavro.parse_schema(json.loads(s.text)) for s in (written, newest))
    for record in generate_many(writer, RECORDS):
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, writer, record)
        stream.seek(0)
        try:
            fastavro.schemaless_reader(stream, writer, reader)
        except Exception as error:
            yield f"{newest.id} does not read {written.id}: {str(error)[:200]}"
            return


def compare_fields(older: Schema, newer: Schema) -> Iterator[str]:
    """A number means one field for ever, and a name has one number."""
    fields = {field.number: field for field in parse_fields(older.text)}
    numbers = {field.name: field.number for field in fields.values()}
    for field in parse_fields(newer.text):
        if (old := fields.get(field.number)) and (old.name, old.type) != (field.name, field.type):
            yield f"{newer.id} makes another field of number {field.number} of {older.id}"
        elif old and (old.label == field.LABEL_REPEATED) != (field.label == field.LABEL_REPEATED):
            yield f"{newer.id} makes a list of number {field.number} of {older.id}, or no list"
        elif numbers.get(field.name, field.number) != field.number:
            yield f"{newer.id} gives {field.name} of {older.id} another number"


@pytest.mark.parametrize("stream", sorted(load_streams()))
def test_every_declared_schema_stays_readable(stream: str) -> None:
    assert list_breaks(load_streams()[stream].schemas) == []


def declare_avro(number: int, **types: object) -> Schema:
    fields = [{"name": name, **(kind if isinstance(kind, dict) else {"type": kind})} for name, kind in types.items()]
    return Schema(number, "avro", json.dumps({"type": "record", "name": "R", "fields": fields}))


SYMBOLS = {"type": "enum", "name": "E", "symbols": ["a", "b"]}


@pytest.mark.parametrize(
    "older, newer",
    [
        (declare_avro(1, a="long"), declare_avro(2, a="long", b={"type": "string", "default": ""})),
        (declare_avro(1, a="long", b="string"), declare_avro(2, a="long")),
        (declare_avro(1, a="int"), declare_avro(2, a="double")),
        (declare_avro(1, a="int"), declare_avro(2, a=["null", "long"])),
        (Schema(1, "protobuf", "string a = 1;"), Schema(2, "protobuf", "string a = 1;\noptional string b = 2;")),
        (Schema(1, "protobuf", "string a = 1;\nstring b = 2;"), Schema(2, "protobuf", "string b = 2;")),
    ],
)
def test_compatible_changes_pass(older: Schema, newer: Schema) -> None:
    assert list_breaks((older, newer)) == []


@pytest.mark.parametrize(
    "older, newer, reason",
    [
        (declare_avro(1, a="long"), declare_avro(2, a="long", b="string"), "does not read 1: No default value"),
        (declare_avro(1, a="string"), declare_avro(2, a="long"), "does not read 1"),
        (declare_avro(1, a=["null", "long"]), declare_avro(2, a="long"), "does not read 1"),
        (declare_avro(1, a={"type": SYMBOLS}), declare_avro(2, a={"type": SYMBOLS | {"symbols": ["a"]}}), "not read 1"),
        (declare_avro(1, a="long"), declare_avro(1, a="long"), "1 names two schemas"),
        (Schema(1, "protobuf", "string a = 1;"), Schema(2, "protobuf", "int64 a = 1;"), "another field of number 1"),
        (Schema(1, "protobuf", "string a = 1;"), Schema(2, "protobuf", "string b = 1;"), "another field of number 1"),
        (Schema(1, "protobuf", "string a = 1;"), Schema(2, "protobuf", "string a = 2;"), "a of 1 another number"),
        (Schema(1, "protobuf", "string a = 1;"), Schema(2, "protobuf", "repeated string a = 1;"), "makes a list"),
    ],
)
def test_incompatible_changes_are_named(older: Schema, newer: Schema, reason: str) -> None:
    assert any(reason in found for found in list_breaks((older, newer)))
