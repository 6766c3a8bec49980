"""Documents of several providers, read and typed: what a column takes leaves the rest, and nothing is lost."""

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pytest

from contracts.photo_documents import TABLE
from transforms.photo_documents import from_photo_documents
from watershed.lake.store import RawObject
from watershed.sources.documents import SCHEMA, split_documents

SAMPLE = Path(__file__).resolve().parents[2] / "sample" / "photo_documents"
BESIDES = {"raw_object", "raw_line", "problem", "line", "is_duplicate"}


def transform(content: bytes) -> list[dict[str, Any]]:
    about = RawObject("raw/photo_documents/0", "file.json", len(content), "", datetime(2026, 3, 1))
    con = duckdb.connect()
    (records,) = split_documents([(about, io.BytesIO(content))], {})
    con.register("records", records)
    rows = from_photo_documents(ibis.table(ibis.Schema.from_pyarrow(SCHEMA), "records"))
    return con.execute(ibis.to_sql(rows, dialect="duckdb")).to_arrow_table().to_pylist()


def transform_one(document: Any) -> dict[str, Any]:
    (row,) = transform(json.dumps([document]).encode())
    return {name: value for name, value in row.items() if name not in BESIDES | {"content_sha256"}}


def make_row(**columns: Any) -> dict[str, Any]:
    """A row with these columns and nothing else."""
    empty = dict.fromkeys(c.name for c in TABLE.columns if c.name != "content_sha256")
    return empty | {"tags": [], "other": "{}"} | columns


def test_the_columns_are_the_contracts() -> None:
    (row,) = transform(b'{"id": 1}')
    assert set(row) == {c.name for c in TABLE.columns} | BESIDES


CASES = {
    "text of a camera": (
        {
            "path": "/st/u211/1U6uF147Fy.jpg",
            "camera": "Nexus 5",
            "settings": "f/1.8; 1/120; 4.44mm; ISO271",
            "size": "4032x3024",
            "tags": "night  harbor",
        },
        {
            "document_id": "/st/u211/1U6uF147Fy.jpg",
            "camera_model": "Nexus 5",
            "aperture_f_number": 1.8,
            "exposure_s": 1 / 120,
            "focal_length_mm": 4.44,
            "iso": 271,
            "width_px": 4032,
            "height_px": 3024,
            "tags": ["night", "harbor"],
        },
    ),
    "nested camera": (
        {
            "id": "1U000",
            "owner": "u7",
            "camera": {"maker": "Nokia", "model": "808"},
            "settings": {"aperture": "f/2", "exposure": "1/30", "focal_length": "8mm", "iso": 100},
            "size": {"width": 1, "height": 2, "bytes": 3_000_000_000},
            "tags": ["a b", "été"],
            "taken_at": "2020-06-25T13:44:14",
            "uploaded_at": "2020-06-26T00:30:00+02:00",
        },
        {
            "document_id": "1U000",
            "owner": "u7",
            "camera_maker": "Nokia",
            "camera_model": "808",
            "aperture_f_number": 2.0,
            "exposure_s": 1 / 30,
            "focal_length_mm": 8.0,
            "iso": 100,
            "width_px": 1,
            "height_px": 2,
            "file_bytes": 3_000_000_000,
            "tags": ["a b", "été"],
            "taken_at": datetime(2020, 6, 25, 13, 44, 14),
            "uploaded_at": datetime(2020, 6, 25, 22, 30),
        },
    ),
    "part of the settings": ({"id": "1", "settings": "4.44mm; ISO9"}, {"focal_length_mm": 4.44, "iso": 9}),
    "settings with something new": (
        {"id": "1", "settings": "f/1.8; 1/120; flash"},
        {"aperture_f_number": 1.8, "exposure_s": 1 / 120, "other": '{"settings":"f/1.8; 1/120; flash"}'},
    ),
    "what is more than known": (
        {"id": "1", "camera": {"maker": "Nokia", "serial": 7}, "size": {"width": "5", "unit": "px"}},
        {"camera_maker": "Nokia", "width_px": 5, "other": '{"camera":{"serial":7},"size":{"unit":"px"}}'},
    ),
    "said twice": (
        {"id": "1", "title": "a", "caption": "b", "o_width": "9", "width": 8},
        {"title": "a", "width_px": 9, "other": '{"caption":"b","width":8}'},
    ),
    "rows of a catalogue": (
        {"foreign_identifier": "1", "creator": "Rijksmuseum", "tags": [{"name": "lotus", "provider": "rawpixel"}],
         "meta_data": {"date_taken": "2019-04-21 09:03:58", "pub_date": "1557512425"}},
        {"owner": "Rijksmuseum", "tags": ["lotus"], "other": '{"tags":[{"name":"lotus","provider":"rawpixel"}]}',
         "taken_at": datetime(2019, 4, 21, 9, 3, 58), "uploaded_at": datetime(2019, 5, 10, 18, 20, 25)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_known_fields_become_columns(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    document, columns = case
    assert transform_one(document) == make_row(**{"document_id": "1", **columns})


@pytest.mark.parametrize(
    "field",
    [
        {"size": {"width": 10**30}},
        {"size": {"width": -4}},
        {"size": {"width": 1.5}},
        {"size": "wide"},
        {"size": ["1x2"]},
        {"settings": {"iso": 1e400}},
        {"settings": {"exposure": "1/0"}},
        {"settings": {"exposure": None}},
        {"taken_at": "2003-02-31 10:00:00"},
        {"taken_at": "0000:00:00 00:00:00"},
        {"taken_at": "yesterday"},
        {"uploaded_at": "0001-01-01T00:00:00+14:00"},
        {"dateupload": "99999999999999"},
        {"title": ""},
        {"title": "a\0b"},
        {"title": ["a"]},
        {"owner": {"name": "x"}},
        {"tags": [["a"]]},
        {"tags": {"a": 1}},
        {"camera": {}},
        {"camera": {"maker": True}},
    ],
    ids=json.dumps,
)
def test_what_cannot_be_typed_stays(field: dict[str, Any]) -> None:
    text = json.dumps(field, separators=(",", ":")).replace("Infinity", "1e400")
    (row,) = transform(b'[{"id": "1", ' + text[1:].encode() + b"]")
    columns = {name: value for name, value in row.items() if name not in BESIDES | {"content_sha256"}}
    assert columns == make_row(document_id="1", other=text)
    assert row["problem"] is None


def test_the_last_second_of_all_can_be_typed() -> None:
    row = transform_one({"id": "1", "taken_at": "9999:12:31 23:59:59", "size": {"width": 999_999_999}})
    assert (row["taken_at"], row["width_px"]) == (datetime(9999, 12, 31, 23, 59, 59), 999_999_999)


def test_a_document_without_an_id_has_its_hash() -> None:
    first, second = transform(b'{"a": 1}\n{ "a" : 1 }')
    assert first["document_id"] == first["content_sha256"] == second["document_id"]
    assert (first["is_duplicate"], second["is_duplicate"]) == (False, True)


def test_flickr_documents() -> None:
    rows = transform((SAMPLE / "flickr_api_photo_list.json").read_bytes())
    documents = json.loads((SAMPLE / "flickr_api_photo_list.json").read_bytes())
    assert [row["document_id"] for row in rows] == [d["id"] for d in documents]
    assert [row["title"] or "" for row in rows] == [d["title"] for d in documents]
    assert [row["tags"] for row in rows] == [d["tags"].split() for d in documents]
    assert sum(row["width_px"] or 0 for row in rows) == sum(int(d.get("o_width", 0)) for d in documents)
    assert rows[0]["uploaded_at"] == datetime(2020, 2, 10, 7, 16, 51)
    assert all("dateupload" not in json.loads(row["other"]) for row in rows)


def test_exif_documents() -> None:
    rows = transform((SAMPLE / "exif_docs.jsonl").read_bytes())
    documents = [json.loads(line) for line in (SAMPLE / "exif_docs.jsonl").open()]
    assert sum(row["camera_maker"] is not None for row in rows) == 34 - 15  # docs_without_Make
    for column, group, name in (("aperture_f_number", "ExifIFD", "FNumber"), ("iso", "ExifIFD", "ISO")):
        assert [row[column] for row in rows] == [d.get(group, {}).get(name) for d in documents]
    nikon = next(row for row in rows if row["camera_model"] == "NIKON D70")
    assert (nikon["exposure_s"], nikon["focal_length_mm"]) == (1 / 200, 100.0)
    assert nikon["taken_at"] == datetime(2008, 3, 15, 9, 52, 1)
