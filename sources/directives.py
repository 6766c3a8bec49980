"""Directives of W3C's extended log format: lines of a log that say what the lines below them are.

`#Fields:` names the fields, `#Date:` the day of lines that carry a time of day only. Both may stand anywhere and change
from one line to the next, so a reader that knows the lines above hands them on with every line.
"""

import re
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

DIRECTIVE = re.compile(rb"^#([Ff]ields|[Dd]ate):([^\n]*)", re.MULTILINE)
DAY = re.compile(rb"\s*(\d{4})-(\d\d)-(\d\d)\b")
FIELDS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Directives:
    """What holds for a line: the names of its fields, separated by single spaces, and its day; None if unsaid."""

    fields: str | None = None
    day: date | None = None


def find_directives(block: bytes, above: Directives) -> list[tuple[int, Directives]]:
    """What holds since which offset in a block of lines; first what holds from its start."""
    found = [(0, above)]
    if block.startswith(b"#") or b"\n#" in block:  # a hundred times as fast as the regex
        for directive in DIRECTIVE.finditer(block):
            found.append((directive.start(), follow(found[-1][1], directive[1].lower(), directive[2])))
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


def spread_directives(found: list[tuple[int, Directives]], ends: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Fields (FIELDS) and days of the lines that end at these offsets."""
    if len(found) == 1:
        (_, only), count = found[0], len(ends)
        return pa.repeat(pa.scalar(only.fields, FIELDS), count), pa.repeat(pa.scalar(only.day, pa.date32()), count)
    starts = np.searchsorted(ends, [offset for offset, _ in found])
    places = pa.array(np.repeat(np.arange(len(found), dtype=np.int32), np.diff(starts, append=len(ends))))
    fields = pa.array([directives.fields for _, directives in found]).cast(pa.string()).dictionary_encode()
    return fields.take(places), pa.array([directives.day for _, directives in found], pa.date32()).take(places)
