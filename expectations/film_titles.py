"""Business rules of core.film_titles."""

from watershed.quality.known import LONGEST_FILM, Known
from watershed.quality.rules import Rules, expect_between, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_that("film_id", "length(film_id) BETWEEN 1 AND 500", "film_id has 1 to 500 characters"),
        expect_that("title", "title <> ''", "title is not empty"),
        expect_between("release_year", 1870, 2100, "release_year is between 1870 and 2100"),
        expect_between(
            "length_minutes", 1, LONGEST_FILM, "length_minutes is between 1 and 60,000"
        ),
    ]
