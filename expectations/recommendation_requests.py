"""Business rules of core.recommendation_requests."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_match, expect_that

FILMS = "len(film_ids) BETWEEN CASE status WHEN 200 THEN 1 ELSE 0 END AND 20"


def build_rules(known: Known) -> Rules:
    return [
        expect_between("requested_at", EARLIEST, known.latest, "requested_at is between 1990 and tomorrow"),
        expect_between("user_id", 1, None, "a user id is positive"),
        expect_match("server", r"^\S+:[0-9]{1,5}$", "a server is a host and a port"),
        expect_between("status", 100, 599, "a status is 100 to 599"),
        expect_that("film_ids", FILMS, "an answer names at most 20 films, and at least one with status 200"),
        expect_between("response_ms", 0, 600_000, "response_ms is between 0 and 600,000"),
        expect_that("status", "status < 500", "at most one request in ten fails", mostly=0.9),
    ]
