"""Business rules of core.watch_minutes."""

from watershed.quality.known import EARLIEST, LONGEST_FILM, Known
from watershed.quality.rules import Rules, expect_between, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("watched_at", EARLIEST, known.latest, "watched_at is between 1990 and tomorrow"),
        expect_between("user_id", 1, None, "user_id is at least 1"),
        expect_that("film_id", "length(film_id) BETWEEN 1 AND 500", "film_id has 1 to 500 characters"),
        expect_that(
            "minute",
            length_sql(known),
            "minute is below the film's length, or below 60,000 where no file has its length",
        ),
    ]


def length_sql(known: Known) -> str:
    """That the minute is under the film's length, the longest where several files list the film."""
    if (titles := known.references.get("film_titles")) is None:
        return f"minute >= 0 AND minute < {LONGEST_FILM}"
    lengths = f"SELECT film_id AS listed_film, max(length_minutes) AS listed_length FROM {titles} GROUP BY film_id"
    length = f"(SELECT listed_length FROM ({lengths}) WHERE listed_film = film_id)"
    return f"minute >= 0 AND minute < coalesce({length}, {LONGEST_FILM})"
