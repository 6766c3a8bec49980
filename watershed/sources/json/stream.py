"""The documents in a stream of bytes, cut out one by one."""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from watershed.declarations.counting import count_nouns
from watershed.sources.json.text import DECODER, MAX_DEPTH, parse_json, verify_value
from watershed.sources.logs import SHOWN_BYTES, Unreadable

MAX_DOCUMENT_BYTES = 16 << 20
CHUNK_BYTES = 1 << 20
SPACE = " \t\r\n"
DELIMITERS = {*SPACE, ",", "]", "}", ":"}
BETWEEN = re.compile(rb"\}[ \t\r]*[{\[]")


class Document(NamedTuple):
    """A document as found: its line or ordinal, its text, and its value with marked numbers, or else its problem."""

    number: int
    text: str
    value: Any
    problem: str | None = None


def parse_document(number: int, raw: bytes) -> Document:
    """One document. Never raises: what is wrong is its problem."""
    problem: str
    try:
        if len(raw) > MAX_DOCUMENT_BYTES:
            raise ValueError(f"it is longer than {MAX_DOCUMENT_BYTES >> 20} MiB")
        text = raw.decode().strip(SPACE)
        return Document(number, text, parse_json(text))
    except UnicodeDecodeError as error:
        problem = f"invalid UTF-8 at byte {error.start + 1}"
    except ValueError as error:
        problem = str(error)
    return Document(number, shorten(raw), None, f"not a JSON document: {problem}")


def shorten(raw: bytes) -> str:
    """The beginning of a text that is not a document, made safe to store and to show."""
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
    """A document for every line that is not blank; blank lines carry nothing and are counted, but are no documents.
    Lines are counted as if each document of a line that has several stood on one of its own."""
    more = 0
    for number, line in enumerate(lines, 1):
        if line.strip(SPACE.encode()):
            found = parse_line(number + more, line)
            yield from found
            more += len(found) - 1


def parse_line(number: int, line: bytes) -> list[Document]:
    """The documents of a line, which may have lost the ends of the lines before it. Broken, it is one bad document."""
    document = parse_document(number, line)
    if document.problem is None or BETWEEN.search(line) is None or len(line) > MAX_DOCUMENT_BYTES:
        return [document]
    found: list[Document] = []
    text = Text(iter([line]))
    try:
        while text.peek():
            found.append(text.take_document(number + len(found)))
    except (ValueError, Unreadable):
        return [document]
    return found


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
        raise Unreadable(f"goes on after the end of its array of {count_nouns(number, 'element')}")


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
        """The next character that is not a space; empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in SPACE:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow(CHUNK_BYTES):
                return ""

    def skip(self) -> None:
        self.at += 1

    def open_members(self) -> Iterator[str]:
        """Stand before each value of the array or object that comes next, in turn: yields its key, empty in an array.
        Whoever asks takes the value before the next one. Raises ValueError where it is broken."""
        closing = "]" if self.peek() == "[" else "}"
        self.skip()
        after = "," if self.peek() != closing else closing
        while after == ",":
            yield self.take_key() if closing == "}" else ""
            if (after := self.peek()) == ",":
                self.skip()
        if after != closing:
            raise ValueError("neither a comma nor the end follows")
        self.skip()

    def take_key(self) -> str:
        key = self.take_value(0) if self.peek() == '"' else None
        if key is None or key.problem is not None or self.peek() != ":":
            raise ValueError("a key in double quotes and a colon must follow")
        self.skip()
        return str(key.value)

    def take_document(self, number: int) -> Document:
        """The next value, which may have its neighbour right behind it: an object or an array. Raises ValueError."""
        if self.peek() not in ("{", "["):
            raise ValueError("neither an object nor an array follows")
        return self.take_value(number, is_closed=True)

    def take_value(self, number: int, is_closed: bool = False) -> Document:
        """The next value as a document; `is_closed` where its last character tells that it is the last one. Raises
        ValueError when there is none, which is known only once all is read that one document may have."""
        self.peek()
        size = CHUNK_BYTES
        while True:
            value, end, problem = self.try_value()
            if problem is None and end - self.at > MAX_DOCUMENT_BYTES:
                raise ValueError(f"it is longer than {MAX_DOCUMENT_BYTES >> 20} MiB")
            if problem is None and (is_closed or self.text[end : end + 1] in DELIMITERS):
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
        raise Unreadable(f"is not UTF-8 ({error.reason})") from None
