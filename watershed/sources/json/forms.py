"""The forms in which documents come: one, one a line, one after the other, in an array, or inside an envelope.

Words used here:
*sequence*: documents one after the other with nothing but space between them, where lines mean nothing.
*envelope*: a document of which only the records at a declared path are documents to us; an object may hold several.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO, Literal

from watershed.declarations.counting import count_nouns
from watershed.sources.json import stream as json_stream
from watershed.sources.json.records import spread_arrays
from watershed.sources.json.stream import (
    SPACE,
    Document,
    Text,
    parse_array,
    parse_document,
    parse_lines,
    shorten,
    split_lines,
)
from watershed.sources.json.text import DECODER, write_json, write_scalar
from watershed.sources.logs import BYTE_ORDER_MARK, LINES_TRIED, Unreadable, read_pieces, unpack

STEP = re.compile(r"\[\]|\{\w+\}|[^.\[\]{}]+")
PATH = re.compile(r"(?:(?:\[\]|[^.\[\]{}]+)(?:\[\]|\.[^.\[\]{}]+)*)?(?:\{\w+\})?")
SPACES = re.compile(f"[{SPACE}]*")


def find_documents(stream: BinaryIO, records: str | None = None) -> Iterator[Document]:
    """All documents of a plain or gzipped stream, or the `records` at this path of its envelopes. Raises Unreadable."""
    chunks = unpack(read_pieces(stream))
    head = b""
    while len(head) <= json_stream.MAX_DOCUMENT_BYTES and (chunk := next(chunks, b"")):
        head += chunk
    head = head.removeprefix(BYTE_ORDER_MARK)
    if not head.strip(SPACE.encode()):
        raise Unreadable("holds no JSON document")
    whole = chain([head], chunks)
    match "envelopes" if records is not None else recognise_form(head):
        case "envelopes":
            yield from Envelopes(Text(whole), split_path(records or "")).parse()
        case "lines":
            yield from spread_arrays(parse_lines(split_lines(whole)))
        case "array":
            yield from parse_array(whole)
        case "sequence":
            yield from spread_arrays(parse_sequence(Text(whole)))
        case "document":
            yield parse_document(1, head)


def recognise_form(head: bytes) -> Literal["document", "lines", "array", "sequence"]:
    """What the object is, from its first MAX_DOCUMENT_BYTES and a little; all of it, if it has no more.

    Raises Unreadable for an array that lost its brackets.
    """
    text = head.lstrip(SPACE.encode())
    first, _, rest = text.partition(b"\n")
    if text.startswith(b"{"):
        whole = text.decode(errors="replace").rstrip(SPACE)
        if has_commas(whole):
            raise Unreadable("has commas between its documents and no brackets around them")
        if is_sequence(whole):
            return "sequence"
    if is_line(first) and rest.strip(SPACE.encode()):
        return "lines"
    if text.startswith(b"["):
        return "array"
    if len(head) <= json_stream.MAX_DOCUMENT_BYTES and parse_document(0, text).problem is None:
        return "document"
    following = islice(io.BytesIO(rest), LINES_TRIED)
    return "lines" if any(line.startswith(b"{") and is_line(line) for line in following) else "document"


def is_line(line: bytes) -> bool:
    return all(document.problem is None for document in json_stream.parse_line(0, line))


def is_sequence(text: str) -> bool:
    """Whether documents come one after the other and one of the first goes over several lines, or there are no lines.
    Where something is broken before that it is none: lines stand for themselves."""
    at, has_lines = 0, "\n" in text
    for number in range(LINES_TRIED):
        if (end := find_end(text, at)) is None:
            return False
        following = skip_space(text, end)
        goes_on = following < len(text)
        if ("\n" in text[at:end] or not has_lines) and (number or goes_on):
            return not goes_on or text[following] in "{["
        at = following
    return False


def has_commas(text: str) -> bool:
    """Whether there is a comma behind each of the first two documents, but perhaps the last one."""
    at = 0
    for number in range(2):
        if (end := find_end(text, at)) is None:
            return False
        comma = skip_space(text, end)
        if text[comma : comma + 1] != ",":
            return bool(number) and comma == len(text)
        at = skip_space(text, comma + 1)
    return True


def find_end(text: str, at: int) -> int | None:
    """Where the object or array that begins here ends; None where there is none."""
    if text[at : at + 1] not in ("{", "["):
        return None
    try:
        return DECODER.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return None


def skip_space(text: str, at: int) -> int:
    match = SPACES.match(text, at)
    return match.end() if match else at


def parse_sequence(text: Text) -> Iterator[Document]:
    """Raises Unreadable where it is broken: nobody can say how many documents are lost."""
    number = 0
    while text.peek():
        number += 1
        try:
            yield text.take_document(number)
        except ValueError as error:
            raise Unreadable(
                f"holds documents one after the other, and is broken at document {number} ({error})"
            ) from None


def split_path(path: str) -> list[str]:
    """The steps of a path: names of members, `[]` for the elements of an array, and at the end perhaps `{name}` for the
    members of an object, whose keys become the field `name`. Raises ValueError."""
    steps = STEP.findall(path)
    if not steps or PATH.fullmatch(path) is None:
        raise ValueError(
            f"records={path!r} is not a path to records: write it as 'items', 'data.items', 'pages[].items', or "
            "'photos{id}' where the members of an object are the records and their keys are the field id"
        )
    return steps if steps[-1][0] in "[{" else [*steps, "[]"]


@dataclass
class Envelopes:
    """The records in envelopes one after the other, taken as they pass: an envelope may have any length."""

    text: Text
    steps: list[str]

    def parse(self) -> Iterator[Document]:
        """Records are counted through the object. Raises Unreadable where it is broken, or an envelope is another."""
        self.number = 0
        while self.text.peek():
            try:
                yield from self.walk(self.steps)
            except ValueError as error:
                raise Unreadable(f"is broken after {count_nouns(self.number, 'record')} ({error})") from None

    def walk(self, steps: list[str]) -> Iterator[Document]:
        """The records at the rest of the path in the value that comes next."""
        if not steps:
            self.number += 1
            yield self.text.take_value(self.number)
            return
        step, rest = steps[0], steps[1:]
        if self.is_absent("[" if step == "[]" else "{", steps):
            return
        found = False
        for key in self.text.open_members():
            if step == "[]":
                yield from self.walk(rest)
            elif step[0] == "{":
                self.number += 1
                yield name_record(self.text.take_value(self.number), step[1:-1], key)
            elif key != step:
                self.text.take_value(0)
            elif found:
                raise ValueError(f"an envelope has the key {step} twice")
            else:
                found = True
                yield from self.walk(rest)
        if not found and step[0] not in "[{":
            raise ValueError(f"an envelope has no {step}")

    def is_absent(self, opening: str, steps: list[str]) -> bool:
        """Whether null is where the records would be. Raises ValueError for anything that they cannot be in."""
        if (first := self.text.peek()) == opening:
            return False
        if first == "n" and self.text.take_value(0).value is None:
            return True
        path = ".".join(self.steps[: len(self.steps) - len(steps)]) or "the envelope"
        raise ValueError(f"{path} is not {'an array' if opening == '[' else 'an object'}")


def name_record(document: Document, name: str, key: str) -> Document:
    """The record with the key that it stands under as a field."""
    value = document.value
    if document.problem is not None:
        return document
    if not isinstance(value, dict):
        problem = f"it stands under the key {key} and is not an object"
    elif (own := write_scalar(value.get(name, key))) != key:
        problem = f"it stands under the key {key} and has the {name} {own}"
    else:
        named = {name: key} | value
        return Document(document.number, write_json(named), named)
    return Document(document.number, shorten(document.text.encode()), None, f"not a record: {problem}")
