"""Business rules of what the recommender learns from."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("user_id", 1, None, "a user id is positive"),
        expect_that("item_id", "length(item_id) BETWEEN 1 AND 500", "a film has a name of 1 to 500 characters"),
        expect_between("interacted_at", EARLIEST, known.latest, "nobody watches in the future, or before the web"),
    ]
