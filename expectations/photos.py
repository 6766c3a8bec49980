"""Business rules of core.photos."""

from watershed.quality.known import EARLIEST, PETABYTE, Known
from watershed.quality.rules import Rules, expect_between, expect_known, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("photo_id", 1, None, "photo_id is at least 1"),
        expect_that("path", "starts_with(path, '/')", "path starts with a slash"),
        expect_between("file_bytes", 1, PETABYTE, "file_bytes is between 1 and 10^15, a petabyte"),
        expect_between("uploaded_at", EARLIEST, known.latest, "uploaded_at is between 1990 and tomorrow"),
        expect_that("updated_at", "updated_at >= uploaded_at", "updated_at is not before uploaded_at"),
        *expect_known(known, "user_id", "users", "user_id is a user of core.users"),
        *expect_known(known, "camera_id", "cameras", "camera_id is a camera of core.cameras"),
    ]
