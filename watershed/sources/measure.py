"""Measure: digests of what is inside an object, in the one pass in which its bytes are read.

Besides the digest of all of it there are those of its beginnings, at the lengths of contents that are known: a log that
has grown begins with what it was. Memory holds a piece, whatever the length.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from watershed.lake.raw_objects import HEAD_BYTES, Content
from watershed.sources.pieces import GZIP_MAGIC, Unreadable, inflate, read_pieces, unpack

HEAD_PACKED_BYTES = 1 << 16  # which unpack to more than a head, unless members are empty
FindLengths = Callable[[str], Iterable[int]]  # given the digest of a head


@dataclass(frozen=True)
class Measured:
    """`sha256` of the bytes as they lie there; `beginnings`: digests of the content's first bytes, by their number.

    `content` is None where it cannot be read to its end.
    """

    sha256: str
    content: Content | None
    beginnings: dict[int, str]

    def begins_with(self, size: int | None, sha256: str | None) -> bool:
        """Whether the content begins with one of this size and digest, and goes on."""
        goes_on = size is not None and self.content is not None and size < self.content.bytes
        return goes_on and self.beginnings.get(size or 0) == sha256


def measure(stream: BinaryIO, find_lengths: FindLengths = lambda head: ()) -> Measured:
    """Read all of a stream, once."""
    packed = hashlib.sha256()
    pieces = note_bytes(read_pieces(stream), packed)
    beginnings: dict[int, str] = {}
    try:
        content = digest_content(unpack(pieces), find_lengths, beginnings)
    except Unreadable:
        content = None
        for _ in pieces:  # its bytes have a name all the same
            pass
    return Measured(packed.hexdigest(), content, beginnings)


def note_bytes(pieces: Iterator[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def digest_content(pieces: Iterator[bytes], find_lengths: FindLengths, beginnings: dict[int, str]) -> Content:
    """Digest the pieces, with those of their beginnings at the lengths that are asked for once the head is known."""
    first = b""
    while len(first) < HEAD_BYTES and (piece := next(pieces, b"")):
        first += piece
    head = hashlib.sha256(first[:HEAD_BYTES]).hexdigest()
    lengths = sorted(set(find_lengths(head)), reverse=True)
    digest, size = hashlib.sha256(), 0
    for piece in chain([first], pieces):
        rest = memoryview(piece)
        while lengths and lengths[-1] <= size + len(rest):
            length = lengths.pop()
            digest.update(rest[: length - size])
            rest, size = rest[length - size :], length
            beginnings[length] = digest.hexdigest()
        digest.update(rest)
        size += len(rest)
    return Content(size, digest.hexdigest(), head)


def read_beginnings(stream: BinaryIO, lengths: Iterable[int]) -> dict[int, str]:
    """Digests of a content's first bytes, by their number; no more of it is read than that. The stream is closed."""
    wanted = sorted(set(lengths))
    beginnings: dict[int, str] = {}
    with stream, suppress(Unreadable):
        digest_content(cut_off(unpack(read_pieces(stream)), wanted[-1]), lambda head: wanted, beginnings)
    return beginnings


def cut_off(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    """The pieces up to the one that reaches so many bytes."""
    for piece in pieces:
        yield piece
        length -= len(piece)
        if length <= 0:
            return


def read_head(stream: BinaryIO) -> str | None:
    """The digest of a content's head, from an object's first bytes; None where they are damaged. Closes the stream."""
    with stream:
        packed = stream.read(HEAD_PACKED_BYTES)
    first = b""
    try:
        for piece in inflate(iter([packed])) if packed.startswith(GZIP_MAGIC) else [packed]:
            first += piece
            if len(first) >= HEAD_BYTES:
                break
    except Unreadable:
        return None
    return hashlib.sha256(first[:HEAD_BYTES]).hexdigest()
