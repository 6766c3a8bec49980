"""JSON documents in every form they come in, and JSON that is none."""

import gzip
import io
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed.lake.store import RawObject
from watershed.sources.documents import SCHEMA, find_leaf_fields, split_documents
from watershed.sources.json.stream import MAX_DOCUMENT_BYTES

ROOT = Path(__file__).resolve().parents[2]
SUITE = sorted((ROOT / "tests" / "data" / "json_test_suite").glob("*.json"))
FLICKR = ROOT / "sample" / "photo_documents" / "flickr_api_photo_list.json"
EXIF = ROOT / "sample" / "photo_documents" / "exif_docs.jsonl"
KEY = "raw/photo_documents/0"


def read(*contents: bytes) -> tuple[pa.Table, dict[str, str]]:
    """Records and refusals of objects with these contents; their keys end in 0, 1, 2 ..."""
    refused: dict[str, str] = {}
    slices = list(split_documents(open_objects(*contents), refused))
    return pa.concat_tables(slices) if slices else SCHEMA.empty_table(), refused


def open_objects(*contents: bytes) -> Iterator[tuple[RawObject, io.BytesIO]]:
    for number, content in enumerate(contents):
        about = RawObject(f"{KEY[:-1]}{number}", f"file{number}.json", len(content), "", datetime(2026, 3, 1))
        yield about, io.BytesIO(content)


def read_rows(content: bytes) -> list[dict[str, Any]]:
    records, refused = read(content)
    assert refused == {}
    return records.to_pylist()


def read_others(content: bytes) -> list[str]:
    return [row["other"] for row in read_rows(content)]


@pytest.mark.parametrize("path", SUITE, ids=[path.stem for path in SUITE])
def test_json_is_what_the_standard_says(path: Path) -> None:
    records, refused = read(path.read_bytes())
    problems = [problem for problem in records["problem"].to_pylist() if problem]
    is_accepted = not refused and all(problem.startswith("the document is not an object") for problem in problems)
    expected = {"y": True, "n": False, "i": is_accepted}[path.name[0]]
    assert is_accepted == expected
    assert all(not sentence.count("\n") for sentence in refused.values())


def test_elements_of_an_array_are_documents() -> None:
    rows = read_rows(FLICKR.read_bytes())
    assert len(rows) == 30
    assert [row["raw_line"] for row in rows] == list(range(1, 31))
    assert json.loads(rows[29]["line"]) == json.loads(FLICKR.read_bytes())[29]


def test_lines_are_documents() -> None:
    assert len(read_rows(EXIF.read_bytes())) == 34


@pytest.mark.parametrize(
    ("content", "documents"),
    [
        (b'{"a": 1}', ['{"a":1}']),
        (b'{\n  "a": [\n    1,\n    2\n  ]\n}\n', ['{"a":[1,2]}']),
        (b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}\r\n\r\n{"a": 3}', ['{"a":1}', '{"a":2}', '{"a":3}']),
        (b'[{"a": 1},\n {"a": 2}]\n', ['{"a":1}', '{"a":2}']),
        (b"[]", []),
        (b'[{"a": 1}, {"a": 2}]\n{"a": 3}\n[{"a": 4.0}]\n[]', ['{"a":1}', '{"a":2}', '{"a":3}', '{"a":4.0}']),
    ],
    ids=["one", "pretty", "lines", "array", "empty array", "lines of arrays"],
)  # fmt: skip
def test_content_tells_the_form(content: bytes, documents: list[str]) -> None:
    assert read_others(content) == documents
    assert read_others(gzip.compress(content)) == documents


def test_a_bad_line_rejects_itself_only() -> None:
    content = b'not a document\n{"a": 1}\n{"a": caf\xe9}\n{"a": "\x00"}\n{"a": 1, "b\n{"a": 2}\n{"a": NaN}'
    rows = read_rows(content)
    assert [row["raw_line"] for row in rows if row["problem"] is None] == [2, 6]
    problems = {row["raw_line"]: (row["problem"], row["line"]) for row in rows if row["problem"]}
    assert problems[1] == ("not a JSON document: Expecting value at character 1", "not a document")
    assert problems[3] == ("not a JSON document: invalid UTF-8 at byte 10", '{"a": caf\\xe9}')
    assert problems[4][1] == '{"a": "\\x00"}'
    assert problems[7][0] == "not a JSON document: NaN is not a JSON value"
    assert len(problems) == 5


def test_half_a_surrogate_pair_is_no_character() -> None:
    row, good = read_rows(b'[{"a": "\\ud800"}, {"a": "\\ud83d\\ude00 \\\\ud800"}]')
    assert row["problem"] == "not a JSON document: it holds half of a surrogate pair, which is not a character"
    assert good["other"] == '{"a":"😀 \\\\ud800"}'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "file0.json holds no JSON document: have it delivered again"),
        (b" \n\n", "file0.json holds no JSON document: have it delivered again"),
        (b'[{"a": 1}, {"a": 2}', "file0.json is an array that is broken at element 2 (neither a comma nor"),
        (b'[{"a": 1},]', "file0.json is an array that is broken at element 2 (Expecting value)"),
        (b'[{"a": 1}] {"a": 2}', "file0.json goes on after the end of its array of 1 element"),
        (gzip.compress(b'{"a": 1}' * 9)[:-4], "file0.json is a gzip file that was cut off"),
        (b"[" * 100_000, "file0.json is an array that is broken at element 1 (it is nested deeper than 500 levels)"),
    ],
    ids=["empty", "blank", "open array", "comma", "more", "gzip", "depth"],
)
def test_what_cannot_be_read_whole_is_refused(content: bytes, sentence: str) -> None:
    records, refused = read(content, b'{"a": 1}')
    assert refused[KEY].startswith(sentence)
    assert [row["other"] for row in records.to_pylist() if row["raw_object"] not in refused] == ['{"a":1}']


def test_depth_has_a_limit_and_no_crash() -> None:
    def nest(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    deep, deeper, deepest = read_rows(b"\n".join([nest(500), nest(501), nest(100_000)]))
    assert deep["other"] == nest(500).decode()
    assert {deeper["problem"], deepest["problem"]} == {"not a JSON document: it is nested deeper than 500 levels"}
    assert len(find_leaf_fields(read(nest(500))[0])) == 1


def test_numbers_keep_their_digits() -> None:
    text = '{"price":0.10,"big":123456789012345678901234567890,"huge":1e400,"long":' + "9" * 5000 + ',"minus":-0}'
    assert read_others(text.encode()) == [text]


def test_a_repeated_document_is_marked() -> None:
    content = b'{"a": 1, "b": [2]}\n{"b": [2], "a": 1}\n{"a": 1, "b": [3]}\n{"a":1,"b":[2]}'
    records, _ = read(content, b'{"a": 1, "b": [2]}')
    assert records["is_duplicate"].to_pylist() == [False, True, False, True, False]
    assert len(set(records["content_sha256"].to_pylist())) == 2


def test_a_document_has_a_limit() -> None:
    long = b'{"a": "' + b"x" * MAX_DOCUMENT_BYTES + b'"}'
    row, good = read_rows(long + b'\n{"a": 1}')
    assert row["problem"] == "not a JSON document: it is longer than 16 MiB"
    assert len(row["line"]) < 1000
    assert good["other"] == '{"a":1}'
    assert "broken at element 1 (it is longer than 16 MiB)" in read(b"[" + long + b"]")[1][KEY]


class Repeated(io.RawIOBase):
    """A stream of a beginning and a piece many times: more than anybody would want in memory."""

    def __init__(self, beginning: bytes, piece: bytes, times: int) -> None:
        self.pieces = itertools.chain([beginning], itertools.repeat(piece, times))

    def read(self, size: int = -1) -> bytes:
        return next(self.pieces, b"")


@pytest.mark.parametrize(("beginning", "ending"), [(b"", b"\n"), (b"[1", b"")], ids=["lines", "array"])
def test_memory_does_not_grow_with_the_object(beginning: bytes, ending: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 MB of documents, in slices and with a longest document of 1 MB."""
    monkeypatch.setattr("watershed.sources.documents.SLICE_CHARACTERS", 1 << 20)
    monkeypatch.setattr("watershed.sources.json.stream.MAX_DOCUMENT_BYTES", 1 << 20)
    document = b'{"note": "' + b"x" * 10_000 + b'"}'
    piece = document + ending if ending else b"," + document
    stream = Repeated(beginning or piece, piece, 2000)
    about = RawObject(KEY, "long.json", 0, "", datetime(2026, 3, 1))
    refused: dict[str, str] = {}
    tracemalloc.start()
    slices = split_documents([(about, stream)], refused)  # type: ignore[list-item]
    assert sum(records.num_rows for records in slices) >= 2000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20
    assert len(refused) == (ending == b"")  # the array has no end


def test_fields_of_documents_are_counted_like_elsewhere() -> None:
    """537 leaf paths, 5 of them with two types, by the facts that come with the EXIF documents."""
    found = find_leaf_fields(read(EXIF.read_bytes())[0])
    assert len(found) == 537
    assert sum(len(types) > 1 for types in found.values()) == 5
    assert set(found["ICC-header.ProfileID"]) == {"integer", "string"}
    assert found["QuickTime.CompatibleBrands[]"] == {"string": KEY}


def test_fields_know_where_they_were_first_seen() -> None:
    records, _ = read(b'{"a": 1, "b": {}}', b'{"a": "x", "c": [[], 1.5, null]}\nbroken')
    assert find_leaf_fields(records) == {
        "a": {"integer": KEY, "string": f"{KEY[:-1]}1"},
        "b": {"object": KEY},
        "c[]": {"array": f"{KEY[:-1]}1", "number": f"{KEY[:-1]}1", "null": f"{KEY[:-1]}1"},
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.lists(json_values, min_size=1, max_size=4), st.sampled_from([None, 1]), st.booleans())
def test_any_document_is_kept_whole(documents: list[Any], indent: int | None, escaped: bool) -> None:
    """As elements of an array; with no contract's fields in them, `other` is all there is."""
    documents = [{"x": document} for document in documents]
    text = json.dumps(documents, indent=indent, ensure_ascii=escaped).encode()
    assert [json.loads(other) for other in read_others(text)] == documents


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_no_bytes_crash(content: bytes) -> None:
    records, refused = read(content)
    assert refused or records.num_rows or content.strip(b"\xef\xbb\xbf \t\r\n") == b"[]"
