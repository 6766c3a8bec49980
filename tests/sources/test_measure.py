"""Digests of what is inside, taken in one pass."""

import gzip
import hashlib
import io
import random

import pytest

from watershed.sources.measure import HEAD_BYTES, measure, read_beginnings, read_head

CONTENT = random.Random(7).randbytes(3_500_000)
LENGTHS = (1, 1023, HEAD_BYTES, 1 << 20, (1 << 20) + 1, 3_499_999, 3_500_000, 9_000_000)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


PACKED = {
    "plain": CONTENT,
    "gzip": gzip.compress(CONTENT, 1),
    "members": gzip.compress(CONTENT[:100], 1)
    + gzip.compress(CONTENT[100:2_000_000], 1)
    + gzip.compress(CONTENT[2_000_000:]),
}


@pytest.mark.parametrize("form", PACKED)
def test_contents_are_compared_unpacked(form: str) -> None:
    measured = measure(io.BytesIO(PACKED[form]), lambda head: LENGTHS)
    assert measured.sha256 == digest(PACKED[form])
    assert measured.content is not None
    assert (measured.content.bytes, measured.content.sha256) == (len(CONTENT), digest(CONTENT))
    assert measured.content.head == digest(CONTENT[:HEAD_BYTES]) == read_head(io.BytesIO(PACKED[form]))
    expected = {length: digest(CONTENT[:length]) for length in LENGTHS if length <= len(CONTENT)}
    assert measured.beginnings == expected
    assert read_beginnings(io.BytesIO(PACKED[form]), LENGTHS) == expected
    assert measured.begins_with(1023, digest(CONTENT[:1023]))
    assert not measured.begins_with(len(CONTENT), digest(CONTENT))


def test_short_and_empty_contents() -> None:
    short, empty = measure(io.BytesIO(b"a line\n"), lambda head: (3, 7)), measure(io.BytesIO(b""))
    assert short.beginnings == {3: digest(b"a l"), 7: digest(b"a line\n")}
    assert short.content is not None and short.content.head == short.content.sha256 == read_head(
        io.BytesIO(b"a line\n")
    )
    assert empty.content is not None and (empty.content.bytes, empty.sha256) == (0, digest(b""))


def test_what_cannot_be_unpacked_has_a_name_all_the_same() -> None:
    cut = PACKED["gzip"][:1_200_000]
    measured = measure(io.BytesIO(cut))
    assert (measured.sha256, measured.content) == (digest(cut), None)
    assert read_head(io.BytesIO(b"\x1f\x8bno gzip file")) is None


def test_reading_stops_at_the_last_length() -> None:
    stream = io.BytesIO(CONTENT)
    read: list[int] = []
    stream.read = lambda size: read.append(size) or io.BytesIO.read(stream, size)  # type: ignore[method-assign]
    read_beginnings(stream, [5])
    assert len(read) == 1
