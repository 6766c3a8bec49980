"""Business rules of core.cameras."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_known, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("camera_id", 1, None, "camera_id is at least 1"),
        expect_between("created_at", EARLIEST, known.latest, "created_at is between 1990 and tomorrow"),
        expect_that("updated_at", "updated_at >= created_at", "updated_at is not before created_at"),
        *expect_known(known, "user_id", "users", "user_id is a user of core.users"),
    ]
