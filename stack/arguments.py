"""Arguments of commands: what is wrong with one is said in words, not in those of Python."""

import argparse
from datetime import date


def parse_day(text: str) -> date:
    """A day, written as 2026-11-01. For argparse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day: write one as 2026-11-01") from None


def parse_limit(text: str) -> int:
    """How many at most: 1 or more. For argparse."""
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows: write 1 or more")
    return int(text)
