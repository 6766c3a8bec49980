"""Lines that must not get through: a known share of them, each with the table and the sort of reason it ends under."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from watershed.synthetic.lines import Texts, replace_texts
from watershed.synthetic.truth import SourceTruth

SHARE = 0.005  # of all lines; well inside every contract's budget


@dataclass(frozen=True)
class Dirt:
    """A bad line: `{name}` in the text is filled in from the day's values.

    `reason` is `unreadable` (not text), `malformed` (not a line of the format), or the column whose rule it breaks.
    """

    table: str
    reason: str
    text: bytes


def draw_dirty(rng: np.random.Generator, lines: int) -> np.ndarray:
    """True for the lines to spoil."""
    dirty = np.zeros(lines, bool)
    dirty[rng.choice(lines, round(lines * SHARE), replace=False)] = True
    return dirty


def spoil_lines(
    rng: np.random.Generator,
    lines: Texts,
    dirty: np.ndarray,
    kinds: tuple[Dirt, ...],
    truth: SourceTruth,
    **values: list[bytes],
) -> Texts:
    """The lines with the dirty ones replaced by bad ones, which are counted in the truth."""
    drawn = [kinds[i] for i in rng.integers(0, len(kinds), int(dirty.sum()))]
    for dirt in drawn:
        truth.tables[dirt.table].quarantined[dirt.reason] += 1
    return replace_texts(lines, dirty, pa.array([fill_in(rng, d.text, values) for d in drawn], pa.binary()))


def fill_in(rng: np.random.Generator, text: bytes, values: dict[str, list[bytes]]) -> bytes:
    for name, choices in values.items():
        text = text.replace(b"{%s}" % name.encode(), choices[rng.integers(0, len(choices))])
    return text
