"""Business rules of core.ratings."""

from expectations.known import EARLIEST, Known
from expectations.rules import Rules, expect_between, expect_one_of, expect_that

LOWEST = {5: 1, 10: 0}  # the worst rating by the best: rating files do have zeros


def build_rules(known: Known) -> Rules:
    return [
        expect_between("rated_at", EARLIEST, known.latest, "a rating was given in the web's time, not in the future"),
        expect_between("user_id", 1, None, "a user id is positive"),
        expect_that("film_id", "length(film_id) BETWEEN 1 AND 500", "a film has a name of 1 to 500 characters"),
        expect_one_of("rating_max", LOWEST, "the best rating is 5 in streaming logs and 10 in rating files"),
        expect_that("rating", spell_scale(), "a rating is 1 to 5 in streaming logs and 0 to 10 in rating files"),
    ]


def spell_scale() -> str:
    lowest = " ".join(f"WHEN {best} THEN {worst}" for best, worst in LOWEST.items())
    return f"rating BETWEEN CASE rating_max {lowest} END AND rating_max"
