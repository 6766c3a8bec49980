"""What users do with recommendations: a streaming log of requests that show what was predicted, and of what follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

SHOWN = 8  # of the user's own list; two more are of another user's
WATCHED_SHARE = 0.2
MINUTES = 6


@dataclass(frozen=True)
class Shown:
    """The list that was published for a user, and since when it holds, in UTC."""

    user_id: int
    film_ids: Sequence[str]
    predicted_at: datetime


def make_telemetry(lists: Sequence[Shown], seed: int) -> list[str]:
    """Log lines: a request of every user, a second after the list was made; of the films that they then watch the first
    minutes, which a player fetches ahead, and a rating."""
    rng = np.random.default_rng([seed, 5])
    lines = []
    for number, own in enumerate(lists):
        others = [film for film in lists[number - 1].film_ids if film not in own.film_ids]
        films = [*own.film_ids[:SHOWN], *others[:2]]
        asked = own.predicted_at.replace(microsecond=0) + timedelta(seconds=1)
        server = f"recommender-{number % 16 + 1}:8082"
        answer = f"status 200, result: {', '.join(films)}, {int(rng.integers(20, 300))} ms"
        lines.append(f"{asked.isoformat()},{own.user_id},recommendation request {server}, {answer}")
        for film in (film for film in films if rng.random() < WATCHED_SHARE):
            for minute in range(MINUTES):
                at = asked + timedelta(seconds=1 + minute)
                lines.append(f"{at.isoformat()},{own.user_id},GET /data/m/{film}/{minute}.mpg")
            lines.append(f"{at.isoformat()},{own.user_id},GET /rate/{film}={int(rng.integers(3, 6))}")
    return lines


def count_lines(lines: Sequence[str]) -> dict[str, int]:
    """The rows that the lines make, by table."""
    marks = {
        "core.recommendation_requests": "recommendation request",
        "core.watch_minutes": "GET /data/m/",
        "core.ratings": "GET /rate/",
    }
    return {table: sum(mark in line for line in lines) for table, mark in marks.items()}
