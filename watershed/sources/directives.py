"""Directives of W3C's extended log format: lines of a log that say what the lines below them are.

`#Fields:` names the fields, `#Date:` the day of lines that carry a time of day only. Both may stand anywhere and change
from one line to the next, so a reader that knows the lines above hands them on with every line.
"""

import re
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

DIRECTIVE = re.compile(rb"#([Ff]ields|[Dd]ate):(.*)", re.DOTALL)
HASH = ord("#")
DAY = re.compile(rb"\s*(\d{4})-(\d\d)-(\d\d)\b")
FIELDS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Directives:
    """What holds for a line: the names of its fields, separated by single spaces, and its day; None if unsaid."""

    fields: str | None = None
    day: date | None = None


def find_directives(block: bytes, ends: np.ndarray, above: Directives) -> list[tuple[int, Directives]]:
    """What holds since which line of a block, whose lines end at `ends`; first what holds from its start.

    Only first bytes of lines are looked at: to search a megabyte for a newline and a # takes a hundred times as long.
    """
    starts = np.append(0, ends[:-1] + 1)
    found = [(0, above)]
    for line in np.flatnonzero(np.frombuffer(block, np.uint8)[starts] == HASH):
        if directive := DIRECTIVE.match(block[starts[line] : ends[line]]):
            found.append((int(line), follow(found[-1][1], directive[1].lower(), directive[2])))
    return found


def follow(above: Directives, name: bytes, said: bytes) -> Directives:
    if name == b"fields":
        return replace(above, fields=" ".join(said.decode(errors="replace").split()))
    return replace(above, day=read_day(said) or above.day)


def read_day(said: bytes) -> date | None:
    try:
        return date(*map(int, match.groups())) if (match := DAY.match(said)) else None
    except ValueError:
        return None


def spread_directives(found: list[tuple[int, Directives]], count: int) -> tuple[pa.Array, pa.Array]:
    """Fields (FIELDS) and days of so many lines."""
    if len(found) == 1:
        (_, only) = found[0]
        return pa.repeat(pa.scalar(only.fields, FIELDS), count), pa.repeat(pa.scalar(only.day, pa.date32()), count)
    lines = np.diff([line for line, _ in found], append=count)
    places = pa.array(np.repeat(np.arange(len(found), dtype=np.int32), lines))
    fields = pa.array([directives.fields for _, directives in found], pa.string()).dictionary_encode()
    return fields.take(places), pa.array([directives.day for _, directives in found], pa.date32()).take(places)
