"""Lines of the streaming servers as messages, by servers that write no log files: the very lines of those logs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from sample.generate.films import make_films
from sample.generate.watch_logs import draw_events, make_answers, spoil_events
from watershed.synthetic.clock import DAY_SECONDS
from watershed.synthetic.messages import Message
from watershed.synthetic.truth import SourceTruth

SHARE_REPEATED = 0.01
CHUNK = 20_000


def make_watch_events(
    rows: int, seed: int, start: datetime, seconds: float, repeated: float = SHARE_REPEATED
) -> tuple[list[Message], dict[str, Any]]:
    """`rows` distinct lines of the `seconds` from `start` (UTC) on, in order, and what must come of them.

    Beside them a share is `repeated`, as by producers that retry. An event's id also depends on `start`.
    """
    films, truth = make_films(seed), SourceTruth(lines=rows)
    rng = np.random.default_rng([seed, 11, int(start.replace(tzinfo=UTC).timestamp() * 1000)])
    answers = make_answers(films, np.random.default_rng([seed, 2]))
    at = start.hour * 3600 + start.minute * 60 + start.second + np.arange(rows) * seconds // max(rows, 1)
    lines: list[bytes] = []
    keys: list[bytes] = []
    clean: list[bool] = []
    for day, places in split_days(start.date(), at):
        events = replace(draw_events(rng, films, len(places)), second=(at[places] % DAY_SECONDS).astype(np.int64))
        spelled, dirty = spoil_events(rng, events, films, answers, day, truth)
        lines += spelled.to_pylist()
        keys += [b"%d" % user for user in events.user]
        clean += (~dirty).tolist()
    prefix = f"watch-{seed}-{start:%Y%m%dT%H%M%S.%f}"
    messages = [Message(line, keys[n], f"{prefix}-{n}") for n, line in enumerate(lines)]
    again = {n for n in np.flatnonzero(rng.random(rows) < repeated).tolist() if clean[n]}
    sent = [message for n, message in enumerate(messages) for _ in range(1 + (n in again))]
    return sent, {"deduplicated": len(again), **truth.as_json()}


def stream_watch_events(rows: int, seed: int, start: datetime, rate: float) -> Iterator[Message]:
    """`rows` lines at a `rate` a second from `start` on, and some retries, made while they are asked for."""
    for first in range(0, rows, CHUNK):
        count = min(CHUNK, rows - first)
        yield from make_watch_events(count, seed, start + timedelta(seconds=first / rate), count / rate)[0]


def split_days(day: date, seconds: np.ndarray) -> Iterator[tuple[date, np.ndarray]]:
    """The days that seconds since the start of the first one fall into, with the places of those that do."""
    for number in np.unique(seconds // DAY_SECONDS):
        yield day + timedelta(days=int(number)), np.flatnonzero(seconds // DAY_SECONDS == number)
