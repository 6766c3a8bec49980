"""Business rules of core.film_titles."""

from watershed.quality.known import LONGEST_FILM, Known
from watershed.quality.rules import Rules, expect_between, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_that("film_id", "length(film_id) BETWEEN 1 AND 500", "a film has a name of 1 to 500 characters"),
        expect_that("title", "title <> ''", "a title is not empty"),
        expect_between("release_year", 1870, 2100, "a film was released between 1870 and 2100"),
        expect_between(
            "length_minutes", 1, LONGEST_FILM, "a film has a minute at least, and no more than the longest, five weeks"
        ),
    ]
