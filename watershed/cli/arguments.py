"""Arguments of commands: what is wrong with one is said in words, not in those of Python."""

import argparse
import re
from calendar import monthrange
from datetime import date

DAY = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})")


def parse_day(text: str) -> date:
    """A day, written as 2026-11-01. For argparse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        near = find_near_day(text)
        meant = f"did you mean {near}?" if near else "write one as 2026-11-01"
        raise argparse.ArgumentTypeError(f"{text!r} is not a day: {meant}") from None


def find_near_day(text: str) -> date | None:
    """The last day of a month that has no such day; the same day with its separators."""
    if (found := DAY.fullmatch(text)) is None:
        return None
    year, month, day = map(int, found.groups())
    if not (date.min.year <= year <= date.max.year and 1 <= month <= 12 and day >= 1):
        return None
    return date(year, month, min(day, monthrange(year, month)[1]))


def parse_limit(text: str) -> int:
    """How many at most: 1 or more. For argparse."""
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows: write 1 or more")
    return int(text)
