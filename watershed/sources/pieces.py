"""Bytes of an object as they arrive, in pieces of a megabyte or so; gzip is known by its first bytes and unpacked.

What is packed or made otherwise is known as well, and refused: read as text it would be noise.
"""

import zlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from watershed.sources.containers import HEAD_BYTES, recognise_container

PIECE_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


class Unreadable(Exception):
    """An object that cannot be read to its end; the text is the rest of a sentence that starts with its name."""

    def __init__(self, what: str, cure: str = "have it delivered again") -> None:
        super().__init__(f"{what}: {cure}")


def read_pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def unpack(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of a gzip file inflated, those of any other file as they are. Raises Unreadable for what is not text."""
    first = next(pieces, b"")
    pieces, holder = chain([first], pieces), "is"
    if first.startswith(GZIP_MAGIC):
        pieces, holder = join_pieces(inflate(pieces)), "is a gzip file that holds"
        first = next(pieces)
        pieces = chain([first], pieces)
    if container := recognise_container(first[:HEAD_BYTES]):
        raise Unreadable(f"{holder} {container.what}, which is not read", container.cure)
    return pieces


def inflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The members of a gzip file, one after the other. Raises Unreadable."""
    member = open_member()
    try:
        for packed in pieces:
            while packed := packed.lstrip(b"\0") if member.eof else packed:  # zeros after a member are padding
                member = open_member() if member.eof else member
                yield member.decompress(packed, PIECE_BYTES)
                packed = member.unconsumed_tail or member.unused_data
        while not member.eof and (rest := member.decompress(b"", PIECE_BYTES)):
            yield rest
    except zlib.error:
        raise Unreadable("is a damaged gzip file") from None
    if not member.eof:
        raise Unreadable("is a gzip file that was cut off")


def join_pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of PIECE_BYTES at least: a gzip file may consist of thousands of tiny members."""
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) >= PIECE_BYTES:
            yield bytes(joined)
            joined.clear()
    yield bytes(joined)


def unpack_head(head: bytes) -> bytes:
    """What the first bytes of a file unpack to, without the rest; nothing where they are damaged or not text."""
    if head.startswith(GZIP_MAGIC):
        try:
            head = open_member().decompress(head, PIECE_BYTES)
        except zlib.error:
            return b""
    return b"" if recognise_container(head[:HEAD_BYTES]) else head


def open_member() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
