"""Business rules of what the recommender learns from."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("user_id", 1, None, "user_id is at least 1"),
        expect_that("item_id", "length(item_id) BETWEEN 1 AND 500", "item_id has 1 to 500 characters"),
        expect_between("interacted_at", EARLIEST, known.latest, "interacted_at is between 1990 and tomorrow"),
    ]
