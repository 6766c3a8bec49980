"""Every line of an object is one record with its number, whatever bytes are in it and however they arrive."""

import gzip
import io
import random
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from watershed.sources import logs, pieces
from watershed.sources.containers import recognise_container
from watershed.sources.logs import LineOrigin, find_day, needs_day, split_records

SMALL, FIRST = 40, 16
DIRTY = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3", b"\xa9", b"\xc3\xa9", b"\xef\xbb\xbf", b"a", b" "]
)
CONTENT = st.lists(DIRTY | st.binary(max_size=2 * SMALL), max_size=40).map(b"".join)
PLAIN = CONTENT.filter(lambda content: recognise_container(content) is None)


@contextmanager
def small_limits() -> Iterator[None]:
    """What takes megabytes to happen happens within a few bytes."""
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(logs, "LINE_BYTES", SMALL)
        limits.setattr(logs, "SLICE_BYTES", 2000)
        limits.setattr(pieces, "PIECE_BYTES", FIRST)
        yield


def read_all(*contents: bytes) -> tuple[list[dict[str, Any]], dict[str, str]]:
    refused: dict[str, str] = {}
    streams = ((LineOrigin(f"raw/logs/{n}", f"{n}.log"), io.BytesIO(c)) for n, c in enumerate(contents))
    tables = list(split_records(streams, refused))
    return [row for table in tables for row in table.to_pylist()], refused


def expect_lines(content: bytes, limit: int) -> list[tuple[int, str | None]]:
    """Number and text of every line, None for one that is no text, by the shortest way to say it."""
    content = end_in_newlines(content)
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if content.endswith(b"\n") or not content:
        lines.pop()
    return [(number, read_line(line.removesuffix(b"\r"), limit)) for number, line in enumerate(lines, 1)]


def end_in_newlines(content: bytes) -> bytes:
    """With newlines for CRs in the pieces before that with the first newline, if the first piece has a CR inside."""
    pieces = content.partition(b"\n")[0] if b"\r" in content[: FIRST - 1] else b""
    size = len(content) if pieces == content else len(pieces) // FIRST * FIRST
    return content[:size].replace(b"\r", b"\n") + content[size:]


def read_line(line: bytes, limit: int) -> str | None:
    try:
        return None if len(line) > limit or b"\0" in line else line.decode()
    except UnicodeDecodeError:
        return None


def texts(rows: list[dict[str, Any]], key: str = "raw/logs/0") -> list[tuple[int, str | None]]:
    return [(r["raw_line"], None if r["problem"] else r["line"]) for r in rows if r["raw_object"] == key]


@given(PLAIN)
@settings(max_examples=300)
def test_lines_are_those_between_newlines(content: bytes) -> None:
    with small_limits():
        rows, refused = read_all(content)
    assert texts(rows) == expect_lines(content, SMALL)
    assert refused == {}


@given(st.lists(CONTENT, min_size=1, max_size=5), st.integers(0, 3))
@example([b"\xef\xbb\xbf" + b"x" * (SMALL - 1) + b"\0"], 0)
@example([b"\xef\xbb\xbf" + b"x" * (SMALL + 1)], 0)
@settings(max_examples=100)
def test_gzip_members_follow_each_other(members: list[bytes], padding: int) -> None:
    assume(recognise_container(b"".join(members)) is None)
    assume(b"\r" not in b"".join(members).partition(b"\n")[0])  # whose pieces are of other sizes
    packed = b"".join(gzip.compress(m, 1) + b"\0" * padding for m in members)
    with small_limits():
        rows, refused = read_all(packed)
    assert texts(rows) == expect_lines(b"".join(members), SMALL)
    assert refused == {}


@given(st.lists(PLAIN, max_size=6))
@settings(max_examples=100)
def test_objects_share_slices_and_keep_their_numbers(contents: list[bytes]) -> None:
    with small_limits():
        rows, _ = read_all(*contents)
    for number, content in enumerate(contents):
        assert texts(rows, f"raw/logs/{number}") == expect_lines(content, SMALL)


def test_records_have_the_columns_of_records() -> None:
    origin = LineOrigin("raw/logs/0", "access.log", date(2026, 11, 1))
    table = next(split_records([(origin, io.BytesIO(b"one\n\ntwo"))], {}))
    assert table.schema == logs.SCHEMA
    assert table.to_pylist() == [
        {"raw_object": origin.key, "raw_line": n, "line": line, "day": origin.day, "problem": None, "fields": None}
        for n, line in [(1, "one"), (2, ""), (3, "two")]
    ]


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0)])
def test_an_empty_object_has_no_records(content: bytes) -> None:
    assert read_all(content) == ([], {})


@pytest.mark.parametrize(
    ("line", "problem", "shown"),
    [
        (b"caf\xe9 noir", "invalid UTF-8 at byte 4", "caf\\xe9 noir"),
        (b"a\0b", "the line has a NUL byte at 2", "a\\x00b"),
        (b"x" * 1_048_577, "the line is longer than 1 MiB", "x" * 500 + "…"),
        ("é".encode() * 400 + b"\xff", "invalid UTF-8 at byte 801", "é" * 250 + "…"),
    ],
)
def test_what_is_no_text_can_be_shown(line: bytes, problem: str, shown: str) -> None:
    rows, refused = read_all(b"before\n" + line + b"\nafter\n")
    assert [(r["line"], r["problem"]) for r in rows] == [("before", None), (shown, problem), ("after", None)]
    assert refused == {}


def test_a_line_of_just_the_limit_is_text() -> None:
    rows, _ = read_all(b"x" * 1_048_576 + b"\r\nafter")
    assert [(len(r["line"]), r["problem"]) for r in rows] == [(1_048_576, None), (5, None)]


PACKED = gzip.compress(b"".join(b"line %d %d\n" % (n, random.Random(n).randrange(10**9)) for n in range(5000)), mtime=0)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (PACKED[: len(PACKED) // 2], "1.log is a gzip file that was cut off: have it delivered again"),
        (PACKED[:-3], "1.log is a gzip file that was cut off: have it delivered again"),
        (PACKED[:5], "1.log is a gzip file that was cut off: have it delivered again"),
        (PACKED[:1000] + b"????" + PACKED[1004:], "1.log is a damaged gzip file: have it delivered again"),
        (PACKED[:-8] + b"\0" * 8, "1.log is a damaged gzip file: have it delivered again"),
        (PACKED + b"and more", "1.log is a damaged gzip file: have it delivered again"),
    ],
)
def test_a_broken_object_is_refused_alone(broken: bytes, sentence: str) -> None:
    rows, refused = read_all(b"one\n", broken, PACKED, b"two\n")
    assert refused == {"raw/logs/1": sentence}
    assert texts(rows, "raw/logs/0") == [(1, "one")]
    assert texts(rows, "raw/logs/1") == []
    assert len(texts(rows, "raw/logs/2")) == 5000
    assert texts(rows, "raw/logs/3") == [(1, "two")]


def test_a_fault_after_the_first_slices_is_told() -> None:
    with small_limits():
        rows, refused = read_all(b"one\n", PACKED[:-3], b"two\n")
    assert list(refused) == ["raw/logs/1"]
    assert texts(rows, "raw/logs/0") == [(1, "one")]
    assert 0 < len(texts(rows, "raw/logs/1")) < 5000
    assert texts(rows, "raw/logs/2") == [(1, "two")]


class Endless(io.RawIOBase):
    """A text repeated up to a size, of which only what is read exists."""

    def __init__(self, text: bytes, size: int, end: bytes = b"") -> None:
        self.text, self.left, self.end = text * (1 + (1 << 20) // len(text)), size, end

    def read(self, size: int = -1) -> bytes:
        if self.left <= 0:
            end, self.end = self.end, b""
            return end
        self.left -= size
        return self.text[:size]


def read_measured(stream: Any) -> tuple[int, list[pa.Table], int]:
    """How many records there are, the last slice, and the most bytes that were held, Arrow's included."""
    tracemalloc.start()
    count, last, peak = 0, pa.table({}), 0
    for table in split_records([(LineOrigin("raw/logs/0", "0.log"), stream)], {}):
        count, last = count + table.num_rows, table
        peak = max(peak, tracemalloc.get_traced_memory()[1] + pa.total_allocated_bytes())
    tracemalloc.stop()
    return count, last, peak


def test_a_line_of_50_mb_is_one_bad_record() -> None:
    count, table, peak = read_measured(Endless(b"x", 50 << 20, b"\nafter\n"))
    assert count == 2
    assert table["problem"].to_pylist() == ["the line is longer than 1 MiB", None]
    assert table["line"].to_pylist() == ["x" * 500 + "…", "after"]
    assert peak < 20 << 20


@pytest.mark.parametrize("text", [b"2020-06-25T13:44:14,601844,GET /data/m/up+2009/46.mpg\n", b"\n"])
def test_memory_does_not_grow_with_the_object(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SLICE_BYTES", 4 << 20)
    peaks = [read_measured(Endless(text, size))[2] for size in (8 << 20, 32 << 20)]
    assert peaks[1] < 1.5 * peaks[0]


@pytest.mark.parametrize(
    ("head", "needed"),
    [
        (b"02:49:12 127.0.0.1 GET /img13.jpg 200\n", True),
        (b"\xef\xbb\xbf02:49:12 ::1 GET / 200\r\n\r\n---- log rotated ----\n02:49:13 ::1 GET / 200", True),
        (b'"02:49:12 127.0.0.1 GET /img13.jpg 200"\r\n', True),
        (gzip.compress(b"02:49:12 127.0.0.1 GET /img13.jpg 200\n", mtime=0), True),
        (PACKED[:50], False),
        (PACKED[:5] + b"?" * 50, False),
        (b"PK\x03\x04\n02:49:12 127.0.0.1 GET /img13.jpg 200\n", False),
        (b'127.0.0.1 - - [25/Jun/2020:02:49:12 +0200] "GET / HTTP/1.1" 200 -\n' * 3 + b"13:44:14 10.0.0.1", False),
        (b"2020-06-25T13:44:14,601844,GET /data/m/up+2009/46.mpg", False),
        (b"", False),
        (b"\n\n", False),
        (b"\0\xff" * 100, False),
    ],
)
def test_a_time_of_day_needs_a_day(head: bytes, needed: bool) -> None:
    assert needs_day(head) is needed


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("access-2026-11-01.log.gz", date(2026, 11, 1)),
        ("20261101.log", date(2026, 11, 1)),
        ("web3_2026_11_01_07.log", date(2026, 11, 1)),
        ("web.2026.11.01", date(2026, 11, 1)),
        ("2026-02-30 or 2026-03-01.log", date(2026, 3, 1)),
        ("access-2026-11.log", None),
        ("order-120261101.log", None),
        ("12345678.log", None),
        ("access.log", None),
    ],
)
def test_a_day_in_a_name(name: str, day: date | None) -> None:
    assert find_day(name) == day
