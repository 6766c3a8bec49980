"""Lines of text, plain or gzip: every line of an object is a record, blank ones and comments too.

Words used here:
*block*: whole lines, each ended by a newline; a megabyte or so.
*slice*: one Arrow table of records, made of the blocks of one large object or of many small ones.

Lines are found in bytes, not by a CSV reader: those skip blank lines, end a line at a lone CR or stop at the first
byte that is no UTF-8, and then every line number after it is wrong. Memory holds one slice, whatever the length of an
object or of a line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from watershed.lake.store import RawObject, Store
from watershed.sources.directives import FIELDS, Directives, find_directives, spread_directives
from watershed.sources.pieces import Unreadable, read_pieces, unpack, unpack_head

SLICE_BYTES = 96 << 20  # in Arrow; some 70 MB of text
LINE_BYTES = 1 << 20  # the longest line that is read; a longer one is a bad record
SHOWN_BYTES = 500  # of a bad record
LINES_TRIED = 100
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NEWLINE, RETURN = 10, 13

TIME_OF_DAY = re.compile(rb'"?\d\d:\d\d:\d\d \S+ \S')  # and more than one word: what is cut off needs no day
DAY_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")

SCHEMA = pa.schema(
    [
        ("raw_object", pa.dictionary(pa.int8(), pa.string())),
        ("raw_line", pa.int64()),
        ("line", pa.string()),
        ("day", pa.date32()),
        ("problem", pa.string()),
        ("fields", FIELDS),  # what the last `#Fields:` above the line says, without it
    ]
)


@dataclass(frozen=True)
class LineOrigin:
    """The raw object that lines come from."""

    key: str
    name: str
    day: date | None = None


def read(store: Store, keys: Sequence[str], refused: dict[str, str]) -> Iterator[pa.Table]:
    """Records (SCHEMA) of all lines of the objects, in slices of about SLICE_BYTES.

    An object that cannot be read to its end is added to `refused`, with a sentence that says why; the others go on.
    Lines of a refused object may be in slices yielded before its fault was met: they are to be dropped.
    """
    return split_records(((describe_origin(store.head(key)), store.open(key)) for key in keys), refused)


def describe_origin(found: RawObject) -> LineOrigin:
    """An object that a producer put into the bucket itself has its day in its name, if anywhere."""
    return LineOrigin(found.key, found.name, found.day or find_day(found.name))


def split_records(streams: Iterable[tuple[LineOrigin, BinaryIO]], refused: dict[str, str]) -> Iterator[pa.Table]:
    """The same for open streams, which are closed. Errors of the streams' own pass through."""
    batches: list[pa.RecordBatch] = []
    size = 0
    for origin, stream in streams:
        lines, kept, above = 0, len(batches), Directives(day=origin.day)
        try:
            with stream:
                for block in cut_blocks(end_lines(unpack(read_pieces(stream)))):
                    batch, above = build_batch(origin, lines + 1, block, above)
                    batches.append(batch)
                    lines += batches[-1].num_rows
                    size += batches[-1].nbytes
                    if size >= SLICE_BYTES:
                        yield pa.Table.from_batches(batches)
                        batches, size, kept = [], 0, 0
        except Unreadable as error:
            refused[origin.key] = f"{origin.name} {error}"
            del batches[kept:]
    if batches:
        yield pa.Table.from_batches(batches)


def end_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces as they are; but where the first one has CRs and not one newline, CRs end the lines of the object, as
    long as there is none. A CR at the very end of the first may be half of a CRLF."""
    first = next(pieces, b"")
    has_returns_only = b"\r" in first[:-1]
    for piece in chain([first], pieces):
        has_returns_only = has_returns_only and b"\n" not in piece
        yield piece.replace(b"\r", b"\n") if has_returns_only else piece


def cut_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Cut after newlines; a last line without one gets it. Of a line that is too long only the start is kept."""
    rest = b""
    for piece in pieces:
        rest += piece
        if end := rest.rfind(b"\n") + 1:
            yield rest[:end]
        # Long enough to be seen as too long, whatever is taken off: a byte order mark, a CR at the end.
        rest = rest[end : end + len(BYTE_ORDER_MARK) + LINE_BYTES + 2]
    if rest:
        yield rest + b"\n"


def build_batch(origin: LineOrigin, number: int, block: bytes, above: Directives) -> tuple[pa.RecordBatch, Directives]:
    """The block's lines as records (SCHEMA), the first of which is line `number` of its object, and the directives that
    hold below it."""
    if number == 1:
        block = block.removeprefix(BYTE_ORDER_MARK)
    if b"\r" in block:
        block = drop_returns(block)
    ends = find_newlines(block)
    problems = find_problems(block, ends)
    if problems:
        block = replace_lines(block, ends, list(problems))
        ends = find_newlines(block)
    count, directives = len(ends), find_directives(block, ends, above)
    fields, days = spread_directives(directives, count)
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array([origin.key])),
        pa.array(np.arange(number, number + count)),
        slice_lines(block, ends),
        days,
        place_texts(problems, count),
        fields,
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA), directives[-1][1]


def drop_returns(block: bytes) -> bytes:
    """The block with CRLF as LF. Looking for two bytes takes ten times as long as looking for one."""
    before_newlines = np.frombuffer(block, np.uint8)[find_newlines(block) - 1] == RETURN
    if before_newlines.sum() == block.count(b"\r"):
        return block.replace(b"\r", b"")
    return block.replace(b"\r\n", b"\n")


def place_texts(texts: dict[int, str], count: int) -> pa.StringArray:
    placed: list[str | None] = [None] * count
    for index, text in texts.items():
        placed[index] = text
    return pa.array(placed, pa.string()) if texts else pa.nulls(count, pa.string())


def find_newlines(block: bytes) -> np.ndarray:
    return np.flatnonzero(np.frombuffer(block, np.uint8) == NEWLINE)


def slice_lines(block: bytes, ends: np.ndarray) -> pa.StringArray:
    """The lines as an Arrow array over one buffer, without making an object of each."""
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    text = block.replace(b"\n", b"")
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(text))


def find_problems(block: bytes, ends: np.ndarray) -> dict[int, str]:
    """What is wrong with the lines that are not text, by index. Only blocks and lines under suspicion are looked at."""
    lengths = np.diff(ends, prepend=-1) - 1
    is_short = not len(ends) or lengths.max() <= LINE_BYTES
    if is_short and b"\0" not in block and is_utf8(block):
        return {}
    octets = np.frombuffer(block, np.uint8)
    suspects = np.flatnonzero((octets == 0) | (octets >= 0x80))
    indexes = np.union1d(np.searchsorted(ends, suspects), np.flatnonzero(lengths > LINE_BYTES))
    found = ((int(i), find_problem(block[ends[i] - lengths[i] : ends[i]])) for i in indexes)
    return {index: problem for index, problem in found if problem}


def is_utf8(block: bytes) -> bool:
    """Asked of Arrow, which needs no copy."""
    offsets = pa.py_buffer(np.array([0, len(block)], np.int32))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(block)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def find_problem(line: bytes) -> str | None:
    if len(line) > LINE_BYTES:
        return f"the line is longer than {LINE_BYTES >> 20} MiB"
    if b"\0" in line:
        return f"the line has a NUL byte at {line.index(0) + 1}"
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"invalid UTF-8 at byte {error.start + 1}"
    return None


def replace_lines(block: bytes, ends: np.ndarray, indexes: list[int]) -> bytes:
    """The block with these lines escaped, so that they can be shown, and shortened."""
    kept, at = [], 0
    for index in indexes:
        start = int(ends[index - 1]) + 1 if index else 0
        line = block[start : ends[index]]
        shown = line[:SHOWN_BYTES].decode("utf-8", "backslashreplace").replace("\0", "\\x00")
        kept += [block[at:start], shown.encode(), "…".encode() if len(line) > SHOWN_BYTES else b""]
        at = int(ends[index])
    return b"".join([*kept, block[at:]])


def needs_day(head: bytes) -> bool:
    """Whether any of the first lines starts with a time of day, so that the object needs a day to date it. One above
    which a `#Date:` stands, or a `#Fields:` with a date, needs none."""
    lines = unpack_head(head).removeprefix(BYTE_ORDER_MARK).splitlines()[:LINES_TRIED]
    first = next((number for number, line in enumerate(lines) if TIME_OF_DAY.match(line)), None)
    if first is None:
        return False
    block = b"".join(line + b"\n" for line in lines[: first + 1])
    above = find_directives(block, find_newlines(block), Directives())[-1][1]
    return above.day is None and "date" not in (above.fields or "").split()


def find_day(name: str) -> date | None:
    """The day in a file's name, spelled 2026-11-01, 20261101, 2026_11_01 or 2026.11.01."""
    for year, _, month, day in DAY_IN_NAME.findall(name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None
