"""Bytes of an object as they arrive, in pieces of a megabyte or so; gzip is known by its first bytes and unpacked."""

import zlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

PIECE_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


class Unreadable(Exception):
    """An object that cannot be read to its end; the text is the rest of a sentence that starts with its name."""


def read_pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def unpack(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of a gzip file inflated, those of any other file as they are."""
    first = next(pieces, b"")
    pieces = chain([first], pieces)
    return join_pieces(inflate(pieces)) if first.startswith(GZIP_MAGIC) else pieces


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
    """What the first bytes of a file unpack to, without the rest; nothing where they are damaged."""
    if not head.startswith(GZIP_MAGIC):
        return head
    try:
        return open_member().decompress(head, PIECE_BYTES)
    except zlib.error:
        return b""


def open_member() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
