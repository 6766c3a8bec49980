"""Business rules of core.recommendation_requests."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_match, expect_that

FILMS = "len(film_ids) BETWEEN CASE status WHEN 200 THEN 1 ELSE 0 END AND 20"


def build_rules(known: Known) -> Rules:
    return [
        expect_between("requested_at", EARLIEST, known.latest, "requested_at is between 1990 and tomorrow"),
        expect_between("user_id", 1, None, "user_id is at least 1"),
        expect_match("server", r"^\S+:[0-9]{1,5}$", "server is a host and a port"),
        expect_between("status", 100, 599, "status is between 100 and 599"),
        expect_that("film_ids", FILMS, "film_ids has at most 20 films, and at least one where status is 200"),
        expect_between("response_ms", 0, 600_000, "response_ms is between 0 and 600,000"),
        expect_that("status", "status < 500", "status is below 500 in at least 90 % of the rows", mostly=0.9),
    ]
