"""The calendar of a table: months that have something, the newest first, and how long nothing was in between."""

import calendar
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from watershed.cockpit.questions.partitions import Partition

MONTHS = 6  # a page
MOST_SENTENCES = 10
SIGNS = {"fresh": "✓", "parked": "!", "stale": "↻", "missing": "?", "blocked": "✕", "left": "–"}


@dataclass(frozen=True)
class Month:
    """`weeks` of seven days, Monday first: a day of another month is None, one without a partition only a date.

    `silence`: a sentence about the time between this month and the next one shown, where that is long.
    """

    first: date
    weeks: list[list[tuple[date, Partition | None] | None]]
    silence: str = ""

    @property
    def title(self) -> str:
        return f"{self.first:%B %Y}"


@dataclass(frozen=True)
class Calendar:
    """A page of it; `newer` and `older` are first days of months where the pages beside it begin."""

    months: list[Month]
    newer: date | None
    older: date | None


@dataclass(frozen=True)
class Concern:
    """What somebody should look at: days in a row with the same state, and why."""

    state: str
    first: date
    last: date
    why: str

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


def make_calendar(partitions: dict[date, Partition], until: date | None = None) -> Calendar:
    """The months up to `until`, or up to the newest partition."""
    firsts = sorted({day.replace(day=1) for day in partitions}, reverse=True)
    begin = next((n for n, first in enumerate(firsts) if until is None or first <= until), 0)
    shown = firsts[begin : begin + MONTHS]
    after = firsts[begin + MONTHS : begin + MONTHS + 1]
    silences = {newer: format_silence(partitions, newer, older) for newer, older in pairwise([*shown, *after])}
    months = [Month(first, list_weeks(first, partitions), silences.get(first, "")) for first in shown]
    return Calendar(months, firsts[max(0, begin - MONTHS)] if begin else None, after[0] if after else None)


def list_weeks(first: date, partitions: dict[date, Partition]) -> list[list[tuple[date, Partition | None] | None]]:
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return [[(day, partitions.get(day)) if day.month == first.month else None for day in week] for week in weeks]


def format_silence(partitions: dict[date, Partition], newer: date, older: date) -> str:
    """How long no day had rows between two months; nothing where they follow each other."""
    begin = min(day for day in partitions if day >= newer)
    end = max(day for day in partitions if day < newer)
    days = (begin - end).days - 1
    return f"after {days:,} days without data" if days > 31 else ""


def list_concerns(partitions: dict[date, Partition]) -> list[Concern]:
    """What needs attention, the newest first; neighbouring days with the same trouble are one."""
    found: list[Concern] = []
    for one in sorted(partitions.values(), key=lambda p: p.day, reverse=True):
        if not one.needs_attention:
            continue
        last = found[-1] if found else None
        if last and (last.state, last.why) == (one.state, one.why) and (last.first - one.day).days == 1:
            found[-1] = Concern(one.state, one.day, last.last, one.why)
        else:
            found.append(Concern(one.state, one.day, one.day, one.why))
    return found
