"""Documents one after the other and records inside envelopes: all are read, or the object is refused."""

import gzip
import io
import json
import random
from datetime import datetime
from typing import Any

import pytest

from contracts.photo_documents import PHOTO_DOCUMENTS
from watershed.lake.store import RawObject
from watershed.sources.documents import split_documents
from watershed.sources.json.forms import find_documents, split_path
from watershed.sources.json.stream import MAX_DOCUMENT_BYTES, Document
from watershed.sources.logs import Unreadable

RECORDS = [{"id": n, "tags": ["}{", "é\n"], "size": {"width": n}} for n in range(1, 8)]


def read(content: str | bytes, records: str | None = None) -> list[Document]:
    raw = content.encode() if isinstance(content, str) else content
    found = list(find_documents(io.BytesIO(raw), records))
    assert found == list(find_documents(io.BytesIO(gzip.compress(raw)), records))
    assert len({document.number for document in found}) == len(found)
    return found


def read_values(content: str | bytes, records: str | None = None) -> list[Any]:
    found = read(content, records)
    assert [document.problem for document in found] == [None] * len(found)
    return [json.loads(document.text) for document in found]


def spell(*documents: Any, indent: int | None = None) -> list[str]:
    return [json.dumps(document, indent=indent, ensure_ascii=False) for document in documents]


@pytest.mark.parametrize("between", ["", " ", "\n", "\r\n", "\n\n", "\t\n "], ids=repr)
@pytest.mark.parametrize("indent", [None, 0, 2])
def test_documents_may_follow_each_other(between: str, indent: int | None) -> None:
    for documents in (RECORDS, RECORDS[:2], [{}, *RECORDS], [RECORDS[0], [1, 2], {}]):
        content = between.join(spell(*documents, indent=indent)) + between
        assert read_values(content) == documents
        assert read_values("\ufeff" + content) == documents


def test_documents_in_all_manners_of_writing_at_once() -> None:
    generator = random.Random(5)
    for _ in range(50):
        texts = [spell(record, indent=generator.choice([None, 1, 4]))[0] for record in RECORDS]
        assert read_values("".join(text + generator.choice(["\n", "\n\n", " \n"]) for text in texts)) == RECORDS


def test_lines_that_lost_their_ends() -> None:
    """Lines are counted as if each document had one of its own."""
    content = '{"a":1}\n\n{"a":2} {"a":3}{"a":4}\n{"a":5}{"a":\nno\n{"a":6}\n'
    assert [(d.number, d.problem is None) for d in read(content)] == [
        *((1, True), (3, True), (4, True), (5, True)),
        *((6, False), (7, False), (8, True)),
    ]  # fmt: skip


def test_a_line_of_documents_may_have_any_length() -> None:
    texts = spell(*({"n": n, "x": "y" * 100_000} for n in range(300)))
    found = list(find_documents(io.BytesIO("".join(texts).encode())))
    assert sum(map(len, texts)) > MAX_DOCUMENT_BYTES
    assert [d.value["x"] for d in found] == ["y" * 100_000] * 300


@pytest.mark.parametrize(
    "content",
    ['{\n"a": 1}\n{\n"a": 2}\n{\n"a": ', '{"a":1}{"a":2}{"a":', '{"a":1}{"a":2}x', '{\n"a": 1\n}\n{"a": 2}\n}'],
)
def test_a_broken_sequence_is_refused(content: str) -> None:
    with pytest.raises(Unreadable, match=r"holds documents one after the other, and is broken at document 3"):
        read(content)


@pytest.mark.parametrize("between", [",", ",\n", " ,\n\n"], ids=repr)
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_that_lost_its_brackets_is_refused(between: str, indent: int | None) -> None:
    for end in ("", ",", "\n"):
        with pytest.raises(Unreadable, match="has commas between its documents and no brackets around them"):
            read(between.join(spell(*RECORDS, indent=indent)) + end)
    assert [d.problem is None for d in read('{"a":1},\n{"a":2}\n{"a":3}')] == [False, True, True]


def test_a_document_that_cannot_be_stored_rejects_itself_only() -> None:
    found = read('{"a":1}{"a":"\\ud800"}{"a":3}')
    assert [document.problem is None for document in found] == [True, False, True]


ENVELOPES = {
    "items": {"count": 7, "items": RECORDS, "next": None},
    "data.items": {"data": {"page": {"items": [0]}, "items": RECORDS}, "items": [0]},
    "pages[].items": {"pages": [{"items": RECORDS[:3]}, {"n": "]", "items": []}, {"items": RECORDS[3:]}]},
    "[].items": [{"items": RECORDS[:3]}, {"items": RECORDS[3:]}],
    "pages[]": {"pages": RECORDS},
    "photos{key}": {"photos": {f"k{n}": record for n, record in enumerate(RECORDS)}},
    "{key}": {f"k{n}": record for n, record in enumerate(RECORDS)},
    "a.b.c{key}": {"a": {"x": {}, "b": {"c": {f"k{n}": record for n, record in enumerate(RECORDS)}}}},
}


@pytest.mark.parametrize("path", ENVELOPES)
@pytest.mark.parametrize("indent", [None, 2])
def test_records_are_taken_out_of_their_envelope(path: str, indent: int | None) -> None:
    [content] = spell(ENVELOPES[path], indent=indent)
    wanted = [{"key": f"k{n}"} | r for n, r in enumerate(RECORDS)] if path.endswith("{key}") else RECORDS
    assert read_values(content, path) == wanted
    for between in ("", "\n", "\n\n"):
        assert read_values(between.join([content, content]), path) == wanted * 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"data": {"items": [{"a": 1}, {"a": 2}', r"is broken after 2 records"),
        ('{"data": {"items": [{"a": 1},]}}', r"is broken after 2 records|after 1 record"),
        ('{"data": {"items": [{"a": 1}]}', r"is broken after 1 record \(neither a comma nor the end follows\)"),
        ('{"data": {"items": [{"a": 1}], }}', r"is broken after 1 record \(a key in double quotes and a colon"),
        (
            '{"data": {"items": [1], "items": [2]}}',
            r"is broken after 1 record \(an envelope has the key items twice\)",
        ),
        ('{"data": {"records": []}}', r"is broken after 0 records \(an envelope has no items\)"),
        ('{"error": "too many requests"}', r"is broken after 0 records \(an envelope has no data\)"),
        ('{"data": {"items": {"a": {}}}}', r"is broken after 0 records \(data.items is not an array\)"),
        ('{"data": []}', r"is broken after 0 records \(data is not an object\)"),
        ('[{"data": {"items": []}}]', r"is broken after 0 records \(the envelope is not an object\)"),
        ('{"data": {"items": [{"a": 1}]}} trailing', r"is broken after 1 record"),
        ('{"data": 5}', r"is broken after 0 records \(data is not an object\)"),
        (" ", "holds no JSON document"),
    ],
)
def test_an_envelope_that_is_another_is_refused(content: str, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        read(content, "data.items")


def test_no_records_are_no_fault() -> None:
    for nothing in ("[]", "null", " [ ] "):
        assert read(f'{{"items": {nothing}, "more": {{}}}}\n{{"items": [1]}}', "items")[0].value is not None
        assert read(f'{{"items": {nothing}}}', "items") == []


def test_a_key_that_contradicts_its_record_is_a_bad_record() -> None:
    content = '{"7": {"id": 7}, "8": {"id": 9}, "x": 5, "y": {"id": "y", "a": 0.10}, "z": {"a": 1}}'
    found = read(content, "{id}")
    assert [document.problem for document in found] == [
        None,
        "not a record: it stands under the key 8 and has the id 9",
        "not a record: it stands under the key x and is not an object",
        None,
        None,
    ]
    assert [found[0].text, found[3].text, found[4].text] == ['{"id":7}', '{"id":"y","a":0.10}', '{"id":"z","a":1}']


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "{}", "{id}.a", "a{b}[]", "a b{c d}", "a.", ".a"])
def test_a_path_that_leads_nowhere_is_named(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path to records"):
        split_path(path)


def test_an_envelope_may_have_any_length() -> None:
    content = '{"skipped": "' + "x" * 1_000_000 + '", "items": [' + ",".join(spell({"x": "y" * 1000}) * 18_000) + "]}"
    assert len(content) > MAX_DOCUMENT_BYTES
    assert sum(1 for _ in find_documents(io.BytesIO(content.encode()), "items")) == 18_000


def test_the_source_declares_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its records come to the transform: known fields typed, whatever the envelope says left out."""
    monkeypatch.setitem(vars(PHOTO_DOCUMENTS), "records", "photos{id}")
    pages = [{"page": 1, "photos": {"a": {"title": "x"}, "b": {"title": "y"}}}, {"photos": {"c": {}}}, {"photos": {}}]
    about = RawObject("raw/photo_documents/0", "pages.json", 0, "", datetime(2026, 3, 1))
    refused: dict[str, str] = {}
    [records] = split_documents([(about, io.BytesIO("\n".join(spell(*pages)).encode()))], refused)
    known = [dict(row["known"]) for row in records.to_pylist()]
    assert known == [{"document_id": "a", "title": "x"}, {"document_id": "b", "title": "y"}, {"document_id": "c"}]
    assert records["raw_line"].to_pylist() == [1, 2, 3]
    assert refused == {}
    list(split_documents([(about, io.BytesIO(b'{"photos": []}'))], refused))
    assert refused == {
        about.key: "pages.json is broken after 0 records (photos is not an object): have it delivered again"
    }
