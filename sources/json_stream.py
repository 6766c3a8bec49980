"""The documents in a stream of bytes: found by looking at its beginning, then cut out one by one."""

import codecs
import io
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, BinaryIO, Literal, NamedTuple

from sources.json_text import DECODER, MAX_DEPTH, parse_json, verify_value
from sources.logs import BYTE_ORDER_MARK, LINES_TRIED, SHOWN_BYTES, Unreadable, read_pieces, unpack

MAX_DOCUMENT_BYTES = 16 << 20
CHUNK_BYTES = 1 << 20
SPACE = " \t\r\n"
DELIMITERS = {*SPACE, ",", "]"}


class Document(NamedTuple):
    """A document as found: its line or ordinal, its text, and its value with marked numbers, or else its problem."""

    number: int
    text: str
    value: Any
    problem: str | None = None


def find_documents(stream: BinaryIO) -> Iterator[Document]:
    """All documents of a plain or gzipped stream. Raises Unreadable."""
    chunks = unpack(read_pieces(stream))
    head = b""
    while len(head) <= MAX_DOCUMENT_BYTES and (chunk := next(chunks, b"")):
        head += chunk
    head = head.removeprefix(BYTE_ORDER_MARK)
    if not head.strip(SPACE.encode()):
        raise Unreadable("holds no JSON document")
    match recognise_form(head):
        case "lines":
            yield from parse_lines(split_lines(chain([head], chunks)))
        case "array":
            yield from parse_array(chain([head], chunks))
        case "document":
            yield parse_document(1, head)


def recognise_form(head: bytes) -> Literal["document", "lines", "array"]:
    """What the object is, from its first MAX_DOCUMENT_BYTES and a little; all of it, if it has no more."""
    text = head.lstrip(SPACE.encode())
    first, _, rest = text.partition(b"\n")
    if is_json(first) and rest.strip(SPACE.encode()):
        return "lines"
    if text.startswith(b"["):
        return "array"
    if len(head) <= MAX_DOCUMENT_BYTES and is_json(text):
        return "document"
    following = islice(io.BytesIO(rest), LINES_TRIED)
    return "lines" if any(line.startswith(b"{") and is_json(line) for line in following) else "document"


def is_json(text: bytes) -> bool:
    return parse_document(0, text).problem is None


def parse_document(number: int, raw: bytes) -> Document:
    """One document. Never raises: what is wrong is its problem."""
    problem: str
    try:
        if len(raw) > MAX_DOCUMENT_BYTES:
            raise ValueError(f"it is longer than {MAX_DOCUMENT_BYTES >> 20} MiB")
        text = raw.decode().strip(SPACE)
        return Document(number, text, parse_json(text))
    except UnicodeDecodeError as error:
        problem = f"it is no UTF-8 at byte {error.start + 1}"
    except ValueError as error:
        problem = str(error)
    return Document(number, shorten(raw), None, f"not a JSON document: {problem}")


def shorten(raw: bytes) -> str:
    """The beginning of what is no document, made safe to store and to show."""
    text = raw[:SHOWN_BYTES].decode(errors="backslashreplace")
    safe = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
    return safe + ("…" if len(raw) > SHOWN_BYTES else "")


def split_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines without their ends. Of one that is too long, only a little more than is allowed."""
    tail = b""
    for chunk in chunks:
        if len(tail) > MAX_DOCUMENT_BYTES and b"\n" not in chunk:
            continue
        *lines, tail = (tail + chunk).split(b"\n")
        yield from lines
        tail = tail[: MAX_DOCUMENT_BYTES + 1]
    yield tail


def parse_lines(lines: Iterator[bytes]) -> Iterator[Document]:
    """A document for every line that is not blank; blank lines carry nothing and are counted, but are no documents."""
    for number, line in enumerate(lines, 1):
        if line.strip(SPACE.encode()):
            yield parse_document(number, line)


def parse_array(chunks: Iterator[bytes]) -> Iterator[Document]:
    """The elements of an array of any length. Raises Unreadable where it is broken."""
    text = Text(chunks)
    text.skip()  # the opening bracket
    number, after = 0, text.peek()
    while after != "]":
        number += 1
        try:
            yield text.take_value(number)
        except ValueError as error:
            raise Unreadable(f"is an array that is broken at element {number} ({error})") from None
        if (after := text.peek()) == ",":
            text.skip()
        elif after != "]":
            raise Unreadable(f"is an array that is broken after element {number} (neither a comma nor the end follows)")
    text.skip()
    if text.peek():
        raise Unreadable(f"goes on after the end of its array of {number} elements")


class Text:
    """A window on a long JSON text that moves on as values are taken."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.pieces = decode_chunks(chunks)
        self.text, self.at = "", 0
        self.peek()

    def grow(self, size: int) -> bool:
        """Read some `size` characters more, and let go of what was taken. False at the end."""
        more = []
        while size > 0 and (piece := next(self.pieces, "")):
            more.append(piece)
            size -= len(piece)
        self.text, self.at = "".join([self.text[self.at :], *more]), 0
        return bool(more)

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in SPACE:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow(CHUNK_BYTES):
                return ""

    def skip(self) -> None:
        self.at += 1

    def take_value(self, number: int) -> Document:
        """The next value as a document. Raises ValueError when there is none, which is known only once all is read
        that one document may have."""
        self.peek()
        size = CHUNK_BYTES
        while True:
            value, end, problem = self.try_value()
            if problem is None and end - self.at > MAX_DOCUMENT_BYTES:
                raise ValueError(f"it is longer than {MAX_DOCUMENT_BYTES >> 20} MiB")
            if problem is None and self.text[end : end + 1] in DELIMITERS:
                break
            if len(self.text) - self.at > MAX_DOCUMENT_BYTES or not self.grow(size):
                raise ValueError(problem or "neither a comma nor the end follows")
            size *= 2
        text, self.at = self.text[self.at : end], end
        try:
            verify_value(text, value)
        except ValueError as error:
            return Document(number, shorten(text.encode()), None, f"not a JSON document: {error}")
        return Document(number, text, value)

    def try_value(self) -> tuple[Any, int, str | None]:
        try:
            return *DECODER.raw_decode(self.text, self.at), None
        except RecursionError:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from None
        except ValueError as error:
            return None, 0, str(getattr(error, "msg", error))


def decode_chunks(chunks: Iterator[bytes]) -> Iterator[str]:
    """Strict UTF-8; pieces are never empty. Raises Unreadable."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in chain(chunks, [b""]):
            if piece := decoder.decode(chunk, final=not chunk):
                yield piece
    except UnicodeDecodeError as error:
        raise Unreadable(f"is no UTF-8 ({error.reason})") from None
