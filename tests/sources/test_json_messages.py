"""One grammar of JSON: what a document may be, a message may be, and both say the same."""

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.photo_events import PHOTO_EVENTS
from contracts.watch_minutes import WATCH_EVENTS
from tests.sources.test_messages import write_avro, write_protobuf
from watershed.declarations.table import Schema, Stream
from watershed.lake.store import RawObject
from watershed.sources.documents import split_documents
from watershed.sources.json.messages import find_suspects
from watershed.sources.json.text import repeats_key
from watershed.sources.kafka import read_values
from watershed.sources.topics.encoded_values import decode_value

SUITE = sorted((Path(__file__).parents[1] / "data" / "json_test_suite").glob("*.json"))
NOT_JSON = [
    '{"a":1,}',
    '{"a":[1,]}',
    '[1,2,]',
    '{"a":NaN}',
    '{"a":nan}',
    '{"a":-Infinity}',
    '{"a":inf}',
    "{'a':1}",
    '{a:1}',
    '{"a":1}//',
    '/**/{"a":1}',
    '{"a":"\t"}',
    '{"a":"b\nc"}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":1.}',
    '{"a":True}',
    '{"a":"\\x41"}',
    '{"a":"\\ud800"}',
    '{"\\udfff":1}',
    '{"a":1}{"a":2}',
    '{"a":1} x',
    '{"a":' + "[" * 500 + "1" + "]" * 500 + "}",
    "[" * 100_000 + "]" * 100_000,
    '{"a":"',
]  # fmt: skip
JSON = {
    '{"a":1,"b":{"c":[1,2]}}': {"a": 1, "b": {"c": [1, 2]}},
    '{"id":1001,"name":"x","id":1002}': {"id": 1002, "name": "x"},
    '{"a":{"b":1,"c":0,"b":[2]}}': {"a": {"b": [2], "c": 0}},
    '[{"a":1},{"a":2,"a":3}]': [{"a": 1}, {"a": 3}],
    '{"\\u0061":1,"a":2}': {"a": 2},
    '{"":1,"":2}': {"": 2},
    '{"a":1,"A":2}': {"a": 1, "A": 2},
    '{"a":1,"a":1}': {"a": 1},
    '{"a":"\\u0022\\u0022","b":1,"b":2}': {"a": '""', "b": 2},
    '\ufeff{"a":1}': {"a": 1},
    ' \r\n{\n"a": "\\ud83d\\ude00"}\n': {"a": "😀"},
    '{"a":",}","b":"NaN"}': {"a": ",}", "b": "NaN"},
    '{"a":' + "9" * 5000 + "}": None,
    '{"a":1e400}': None,
}


def read_messages(*texts: str | bytes, stream: Stream = PHOTO_EVENTS) -> list[tuple[str, str | None]]:
    values = [text.encode() if isinstance(text, str) else text for text in texts]
    lines, problems = read_values(stream, pa.array(values, pa.binary()))
    return list(zip(lines.to_pylist(), problems.to_pylist(), strict=True))


NO_OBJECT = "the document is not an object"


def read_document(text: str | bytes) -> Any:
    """What the other reader makes of it as a document of its own: JSON of any kind, or None where it is none."""
    content = text.encode() if isinstance(text, str) else text
    about, refused = RawObject("raw/photo_documents/0", "file.json", 0, "", datetime(2026, 3, 1)), {}  # type: ignore[var-annotated]
    slices = list(split_documents([(about, io.BytesIO(b"[\n" + content + b"\n]"))], refused))
    rows = pa.concat_tables(slices).to_pylist() if slices and not refused else []
    [row] = rows if len(rows) == 1 else [None]
    is_json = row is not None and (row["problem"] or NO_OBJECT).startswith(NO_OBJECT)
    return json.loads(row["line"]) if is_json else None


def extract(text: str) -> Any:
    """What DuckDB, whose reader is that of the transforms, takes out of an object, key by key."""
    found = duckdb.execute("SELECT json_keys(?::JSON)", [text]).fetchone()
    keys = found[0] if found else []
    values = duckdb.execute(
        f"SELECT {', '.join('json_extract($t, ?)' for _ in keys)}".replace("$t", "?"),
        [value for key in keys for value in (text, f'$."{key}"')],
    ).fetchone()
    return {key: json.loads(value) for key, value in zip(keys, values or (), strict=True)}


@pytest.mark.parametrize("text", NOT_JSON, ids=lambda text: text[:20])
def test_what_is_no_document_is_no_message(text: str) -> None:
    [(shown, problem), good] = read_messages(text, '{"a":1}')
    looks_like_json = text[0] in "{[" and (text[0] == "{" or text[-1] == "]")
    assert (problem or "").startswith("the message is not JSON: ") == looks_like_json
    assert shown == text
    assert good == ('{"a":1}', None)
    assert read_document(text) is None


@pytest.mark.parametrize("text", JSON, ids=lambda text: text[:20])
def test_what_is_a_document_is_the_same_message(text: str) -> None:
    [(line, problem)] = read_messages(text)
    wanted = JSON[text]
    assert problem is None
    if wanted is not None:
        assert json.loads(line) == wanted
        assert read_document(text.removeprefix("\ufeff")) == wanted
    else:
        assert line == text


def test_the_engine_reads_the_last_value_of_a_key_too() -> None:
    for text in ('{"id":1001,"at":"x","id":1002}', '{"a":{"b":1,"b":2},"c":3,"c":{"d":4,"d":5}}'):
        [(line, _)] = read_messages(text)
        assert extract(line) == json.loads(text)


@pytest.mark.parametrize("path", SUITE, ids=[path.stem for path in SUITE])
def test_messages_are_what_the_standard_says(path: Path) -> None:
    content = path.read_bytes()
    [(line, problem)] = read_messages(content)
    found = duckdb.execute("SELECT try_cast(? AS JSON) IS NOT NULL", [line]).fetchone()
    is_accepted = problem is None and found == (True,)
    assert is_accepted == {"y": True, "n": False, "i": is_accepted}[path.name[0]]


def test_messages_do_not_make_up_for_each_other() -> None:
    """Parts that would be JSON together, and a key twice beside quotes that are escaped."""
    groups = (
        ['{"a":', "1}", '{"a":1}{"b":2}'],
        ['{"a":1', '"b":2}'],
        ["1],[2", "3"],
        ["1]\n[2", '{"x":1', "}"],
        ['{"a":1,"a":1}', '{"a":"\\u0022\\u0022"}'],
        ["", '{"a":1}{"b":1}'],
        ['{"a":"', '"}'],
    )
    for group in groups:
        for texts in (group, group[::-1], group * 200):
            suspects = find_suspects([text.encode() for text in texts])
            assert suspects == [n for n, text in enumerate(texts) if text not in ("3",)], group


def test_lines_of_a_log_are_not_asked_for_json() -> None:
    lines = ["2026-11-01T08:00:00,5,GET /data/m/her+2013/1.mpg", "{", '{"a":1,}', "[x]"]
    assert read_messages(*lines, stream=WATCH_EVENTS) == [(line, None) for line in lines]


def test_a_map_of_avro_and_a_field_of_protobuf_keep_the_last_too() -> None:
    avro = Schema(9, "avro", '{"type": "map", "values": "long"}')
    proto = Schema(8, "protobuf", "int64 id = 1;")
    stream = Stream("made_up", "kafka", "", topic="made-up", schemas=(avro, proto))
    twice = b"\0\0\0\0\x09" + b"\x04" + b"\x02a\x02" + b"\x02a\x04" + b"\0"
    assert decode_value(stream, twice) == '{"a":2}'
    one = write_protobuf(proto, id=1001)
    assert decode_value(stream, one + write_protobuf(proto, id=1002)[6:]) == '{"id":1002}'
    assert read_messages(twice, one, write_avro(avro.text, {"b": 1}, 9), '{"a":1,"a":2}', stream=stream) == [
        ('{"a":2}', None),
        ('{"id":1001}', None),
        ('{"b":1}', None),
        ('{"a":2}', None),
    ]


KEYS = st.sampled_from(["a", "b", '"', "\\", "é"])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(KEYS, inner), max_size=3).map(tuple),
    max_leaves=8,
)


def spell(value: Any) -> str:
    """JSON text of a value whose objects are tuples of pairs, keys repeated and all."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{json.dumps(key)}: {spell(inner)}" for key, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spell, value)) + "]"
    return json.dumps(value, ensure_ascii=bool(value))


@settings(max_examples=200)
@given(st.lists(VALUES, min_size=1, max_size=5))
def test_any_json_is_read_the_same(values: list[Any]) -> None:
    texts = [spell([value]) for value in values]
    for text, (line, problem) in zip(texts, read_messages(*texts), strict=True):
        assert problem is None
        assert json.loads(line) == json.loads(text)
        assert not repeats_key(line)
        assert read_document(text) == json.loads(text)
