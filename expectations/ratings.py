"""Business rules of core.ratings."""

from contracts.ratings import SCALES
from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_one_of, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("rated_at", EARLIEST, known.latest, "rated_at is between 1990 and tomorrow"),
        expect_between("user_id", 1, None, "user_id is at least 1"),
        expect_that("film_id", "length(film_id) BETWEEN 1 AND 500", "film_id has 1 to 500 characters"),
        expect_one_of("rating_max", find_worst(), "rating_max is the best rating of a declared scale"),
        expect_that("rating", scale_sql(), f"rating is within the scale of its source: {describe_scales()}"),
    ]


def find_worst() -> dict[int, int]:
    """The worst rating by the best, of all scales that are declared."""
    scales = sorted(SCALES.values(), key=lambda scale: -scale.worst)
    return {scale.best: scale.worst for scale in scales}


def scale_sql() -> str:
    worst = " ".join(f"WHEN {best} THEN {worst}" for best, worst in find_worst().items())
    return f"rating BETWEEN CASE rating_max {worst} END AND rating_max"


def describe_scales() -> str:
    return ", ".join(f"{scale.worst} to {scale.best} in {source}" for source, scale in SCALES.items())
