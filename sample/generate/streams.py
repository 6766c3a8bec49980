"""Generated messages of each stream, `make_<stream>(count, seed, rate)`: for `watershed produce --generate`."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sample.generate import photo_events, watch_events
from watershed.synthetic.messages import Message

DAYS = [date(2024, 3, 4) + timedelta(days=n) for n in range(3)]


def make_photo_events(count: int, seed: int, rate: float | None) -> Iterable[Message]:
    """About so many, the same for the same number and seed."""
    return photo_events.make_photo_events(DAYS, round(count / photo_events.MESSAGES_PER_ROW), seed)[0]


def make_watch_events(count: int, seed: int, rate: float | None) -> Iterable[Message]:
    """Of people who watch films from now on at the given rate a second, or have within the last minute."""
    now = datetime.now(UTC).replace(tzinfo=None)
    start, per_second = (now, rate) if rate else (now - timedelta(minutes=1), count / 60)
    return watch_events.stream_watch_events(count, seed, start, per_second)
