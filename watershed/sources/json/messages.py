"""Messages that are JSON: held to the one grammar of `sources/json/text.py`, whoever reads them later.

The engines' own readers take a trailing comma and NaN for JSON, and the first of two values of a key. So transforms
are given only what every reader reads alike. A quick parser looks at many messages at once; those that it does not
agree with, or that say a key twice, are read exactly, which takes ten times as long.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from watershed.declarations.table import Stream
from watershed.sources.json.text import MAX_DEPTH, settle_json
from watershed.sources.logs import BYTE_ORDER_MARK

TOGETHER = 64  # so that the few that are suspects cost few others a second look
SPACE = " \t\r\n"
QUOTE = ord('"')
DECODER, ENCODER = msgspec.json.Decoder(list[object]), msgspec.json.Encoder()


def are_json(stream: Stream) -> bool:
    """Whether a stream's messages are JSON, as far as they look like it: those that are a log's lines are not."""
    return stream.like is None


def settle_message(value: bytes) -> tuple[str, str | None]:
    """The JSON text of a message, every key once, and its problem. What does not look like JSON stays as it is: that
    it is none, the transform says."""
    text = value.removeprefix(BYTE_ORDER_MARK).decode().strip(SPACE)
    if not text.startswith("{") and not (text.startswith("[") and text.endswith("]")):
        return value.decode(), None
    try:
        return settle_json(text), None
    except ValueError as error:
        return value.decode(), f"the message is not JSON: {error}"


def find_suspects(values: Sequence[bytes]) -> list[int]:
    """The places of the messages that must be read exactly: all that are not JSON are among them."""
    groups = range(0, len(values), TOGETHER)
    return [place for first in groups for place in search_group(values[first : first + TOGETHER], first)]


def search_group(values: Sequence[bytes], first: int) -> list[int]:
    """The suspects of a group, the first of which has the place `first`, by halving it."""
    if are_strict(values):
        return []
    if len(values) == 1:
        return [first]
    middle = len(values) // 2
    return search_group(values[:middle], first) + search_group(values[middle:], first + middle)


def are_strict(values: Sequence[bytes]) -> bool:
    """Whether each is JSON with every key once. Brackets around each, and a line: no two make up for each other.

    A key that is said twice is there once when the values are written again, and its quotes are missing.
    """
    block = b"[" + b"]\n[".join(values) + b"]"
    if block.count(b"\n") >= len(values):
        block = b"[" + b"]\n[".join(value.replace(b"\n", b"\t") for value in values) + b"]"
    if b"\\u0022" in block or any(map(may_be_deep, values)):
        return False
    try:
        found = DECODER.decode_lines(block)
        again = ENCODER.encode_lines(found)
    except (ValueError, RecursionError):
        return False
    return [len(one) for one in found] == [1] * len(values) and count_quotes(again) == count_quotes(block)


def may_be_deep(value: bytes) -> bool:
    return len(value) > 2 * MAX_DEPTH and value.count(b"[") + value.count(b"{") > MAX_DEPTH


def count_quotes(text: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == QUOTE))
