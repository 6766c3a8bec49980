"""Directives of W3C's extended log format hold for the lines below them, however those arrive."""

import gzip
import io
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed.sources import logs, pieces
from watershed.sources.logs import LineOrigin, needs_day, split_records

DAY = date(2026, 11, 1)
LINE = st.sampled_from(
    [
        *("a b c", "", "# Fields: none", " #Fields: none", "#Fields: a b", "#Fields:\tc  d ", "#Fields:", "#fields: e"),
        *("#Date: 2020-06-25 00:00:00", "#Date: 2020-02-30", "#Date: today", "#Date:2020-06-26", "#Version: 1.0", "é"),
    ]
)


def read_all(content: bytes, day: date | None = DAY) -> list[tuple[str, str | None, date | None]]:
    tables = split_records([(LineOrigin("raw/logs/0", "0.log", day), io.BytesIO(content))], {})
    return [(row["line"], row["fields"], row["day"]) for table in tables for row in table.to_pylist()]


def follow(lines: list[str]) -> list[tuple[str, str | None, date | None]]:
    """What holds for every line, by the shortest way to say it."""
    found, fields, day = [], None, DAY
    for line in lines:
        if line.lower().startswith("#fields:"):
            fields = " ".join(line[8:].split())
        if line in ("#Date: 2020-06-25 00:00:00", "#Date:2020-06-26"):
            day = date(2020, 6, 25) if " 00" in line else date(2020, 6, 26)
        found.append((line, fields, day))
    return found


@given(st.lists(LINE, max_size=60), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(max_examples=100)
def test_a_directive_holds_until_the_next_one(lines: list[str], end: str, is_packed: bool) -> None:
    content = "".join(line + end for line in lines).encode()
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(pieces, "PIECE_BYTES", 16)
        limits.setattr(logs, "SLICE_BYTES", 2000)
        assert read_all(gzip.compress(content) if is_packed else content) == follow(lines)


def test_a_directive_is_kept_over_megabytes_and_forgotten_with_its_object() -> None:
    long = b"#Fields: a b\n" + b"x" * 99 + b"\n" * 3_000_000 + b"end\n#Fields: c\nlast"
    table = pa.concat_tables(split_records([(LineOrigin("raw/logs/0", "0.log", DAY), io.BytesIO(long))], {}))
    assert len(table) == 3_000_004
    rows = table.select(["line", "fields", "day"]).slice(len(table) - 3).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("end", "a b", DAY), ("#Fields: c", "c", DAY), ("last", "c", DAY)]
    assert pc.unique(table["fields"].cast(pa.string())).to_pylist() == ["a b", "c"]
    both = [(LineOrigin(f"raw/logs/{n}", "n", None), io.BytesIO(c)) for n, c in enumerate((b"#Fields: a\nx\n", b"y\n"))]
    (table,) = split_records(both, {})
    assert table["fields"].to_pylist() == ["a", "a", None]


def test_a_directive_that_is_no_text_is_a_bad_line() -> None:
    (table,) = split_records([(LineOrigin("raw/logs/0", "0.log"), io.BytesIO(b"#Fields: a \xff\nb\n"))], {})
    assert table["problem"].to_pylist() == ["invalid UTF-8 at byte 12", None]
    assert table["fields"].to_pylist() == ["a \\xff"] * 2


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"\xef\xbb\xbf#Fields: a\rb\rc", ["#Fields: a", "b", "c"]),
        (b"a\r", ["a"]),
        (b"a\rb\r\r", ["a", "b", ""]),
        (b"a\rb\nc", ["a\rb", "c"]),  # a newline ends lines, so that a CR is the client's
    ],
)
def test_returns_end_lines_where_nothing_else_does(content: bytes, lines: list[str]) -> None:
    assert [line for line, _, _ in read_all(content)] == lines


@pytest.mark.parametrize(
    ("head", "needed"),
    [
        (b"#Fields: time c-ip\n02:49:12 ::1 x\n", True),
        (b"#Date: 2020-06-25 00:00:00\n#Fields: time c-ip\n02:49:12 ::1 x\n", False),
        (b"#Fields: time date c-ip\n02:49:12 2020-06-25 ::1 x\n", False),
        (b"02:49:12 ::1 x\n#Date: 2020-06-25 00:00:00\n", True),
        (b"#Date: today\n02:49:12 ::1 x\n", True),
    ],
)
def test_a_directive_dates_what_has_a_time_only(head: bytes, needed: bool) -> None:
    assert needs_day(head) is needed
    assert needs_day(gzip.compress(head)) is needed
