"""Files that are no text are refused with what they are, and text that starts like them is read."""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet
import pytest

from watershed.lake.store import RawObject
from watershed.sources.containers import recognise_container
from watershed.sources.documents import split_documents
from watershed.sources.logs import LineOrigin, split_records

LINES = b'10.0.0.1 - - [25/Jun/2020:02:49:12 +0000] "GET / HTTP/1.1" 200 5\n' * 2000


def zip_files(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, LINES)
    return packed.getvalue()


def pack_tar(form: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        about = tarfile.TarInfo("day.log")
        about.size = len(LINES)
        archive.addfile(about, io.BytesIO(LINES))
    return packed.getvalue()


def write_table(write: Callable[..., Any]) -> bytes:
    sink = io.BytesIO()
    write(pa.table({"line": LINES.decode().splitlines()}), sink)
    return sink.getvalue()


def compress(codec: str) -> bytes:
    sink = io.BytesIO()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(LINES)
        stream.flush()
        return sink.getvalue()


def write_database() -> bytes:
    with sqlite3.connect(":memory:") as con:
        con.execute("CREATE TABLE requests (line)")
        return con.serialize()


FILES = {
    "a zip archive": zip_files("day.log"),
    "a workbook or document of an office program": zip_files("[Content_Types].xml", "xl/workbook.xml"),
    "a tar archive": pack_tar(tarfile.USTAR_FORMAT),
    "a tar archive ": pack_tar(tarfile.GNU_FORMAT),
    "an xz file": lzma.compress(LINES),
    "an lzma file": lzma.compress(LINES, lzma.FORMAT_ALONE),
    "a bzip2 file": bz2.compress(LINES),
    "a bzip2 file ": bz2.compress(b""),
    "a zstd file": compress("zstd"),
    "an lz4 file": compress("lz4"),
    "a Parquet file": write_table(pyarrow.parquet.write_table),
    "an ORC file": write_table(pyarrow.orc.write_table),
    "an Arrow file": write_table(pyarrow.feather.write_feather),
    "an SQLite database": write_database(),
    "text in UTF-16": LINES.decode().encode("utf-16"),
    "text in UTF-16 ": LINES.decode().encode("utf-16-be"),
    "text in UTF-16  ": LINES.decode().encode("utf-16-le"),
    "text in UTF-32": LINES.decode().encode("utf-32"),
    "text in UTF-32 ": LINES.decode().encode("utf-32-be"),
    "a 7z archive": b"7z\xbc\xaf\x27\x1c\0\4" + b"\xa1" * 99,
    "a rar archive": b"Rar!\x1a\x07\x01\0" + b"\xa1" * 99,
    "an Avro file": b"Obj\x01\x04\x14avro.codec\x08null" + b"\xa1" * 99,
    "a PDF document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a picture ": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
}


def read_log(content: bytes) -> tuple[int, list[str]]:
    refused: dict[str, str] = {}
    tables = list(split_records([(LineOrigin("raw/logs/0", "day.log"), io.BytesIO(content))], refused))
    return sum(table.num_rows for table in tables), list(refused.values())


def read_documents(content: bytes) -> tuple[int, list[str]]:
    refused: dict[str, str] = {}
    about = RawObject("raw/photo_documents/0", "day.json", len(content), "", datetime(2026, 11, 1))
    tables = list(split_documents([(about, io.BytesIO(content))], refused))
    return sum(table.num_rows for table in tables), list(refused.values())


@pytest.mark.parametrize("what", FILES)
def test_a_container_is_refused_by_its_first_bytes(what: str) -> None:
    for read, name in ((read_log, "day.log"), (read_documents, "day.json")):
        count, (why,) = read(FILES[what])
        assert count == 0
        assert why.startswith(f"{name} is {what.strip()}, which is not read: ")


@pytest.mark.parametrize("what", FILES)
def test_a_container_in_gzip_is_refused_too(what: str) -> None:
    for read, name in ((read_log, "day.log"), (read_documents, "day.json")):
        count, (why,) = read(gzip.compress(FILES[what]))
        assert count == 0
        assert why.startswith(f"{name} is a gzip file that holds {what.strip()}, which is not read: ")


def test_gzip_is_unpacked_once() -> None:
    assert read_log(gzip.compress(LINES)) == (2000, [])
    _, (why,) = read_log(gzip.compress(gzip.compress(LINES)))
    assert why.startswith("day.log is a gzip file that holds another gzip file, which is not read: ")


@pytest.mark.parametrize(
    ("what", "cure"),
    [
        ("a zip archive", "unpack it and land the files in it"),
        ("an xz file", "unpack it, or pack it with gzip instead, and land that"),
        ("a Parquet file", "export its rows as text and land that"),
        ("text in UTF-16", "convert it to UTF-8 and land that"),
        ("a picture", "land the file that was meant"),
    ],
)
def test_it_is_said_what_to_do(what: str, cure: str) -> None:
    assert read_log(FILES[what]) == (0, [f"day.log is {what}, which is not read: {cure}"])


@pytest.mark.parametrize(
    "text",
    [
        *(b"PAR1 is the magic word\n", b"ORC-7 - - [", b"PK\n", b"BZh\n", b"BZh9 is a host\n", b"7z a b\n", b"Rar! \n"),
        *(b"RIFF a b c WEBP\n", b"1.2.3.4 DUCK is a method\n", b"1234ftypmp42\n", b"ID3 v2\n", b"\0" * 600 + LINES),
        *(b"x" * 257 + b"ustar\n", b"PGDMP\n", b"FEA1\n", b"MSCF\n", b"Obj 1\n", b"%P", b"\n\0a\n\0"),
        *("ÿþ1.2.3.4\n".encode(), "žluťoučký kůň\n".encode(), "\ufeff10.0.0.1 - -\n".encode(), b"", b"\n", b"["),
    ],
)
def test_text_that_starts_like_one_is_read(text: bytes) -> None:
    assert recognise_container(text) is None
