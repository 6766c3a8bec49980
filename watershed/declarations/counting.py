"""How many there are of something, and how long it takes, in words."""

from datetime import timedelta


def count_nouns(count: int, noun: str, plural: str = "") -> str:
    """`1 row`, `2 rows`, `12,345 rows`. `plural`: of a noun that takes more than an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def format_span(span: timedelta) -> str:
    """A duration in the largest unit that fits: `35 min`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
