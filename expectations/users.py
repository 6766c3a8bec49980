"""Business rules of core.users."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_match, expect_that
from watershed.quality.verdict import Severity

PROFILE: Severity = "info"  # an account with a mistyped address is still an account, and photos refer to it


def build_rules(known: Known) -> Rules:
    return [
        expect_between("user_id", 1, None, "user_id is at least 1"),
        expect_match("email", r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "email has the form name@domain.tld", severity=PROFILE),
        expect_match("country", "^[A-Z]{2}$", "country is two capital letters", severity=PROFILE),
        expect_between("created_at", EARLIEST, known.latest, "created_at is between 1990 and tomorrow"),
        expect_that("updated_at", "updated_at >= created_at", "updated_at is not before created_at"),
    ]
