"""Business rules of core.photos."""

from watershed.quality.known import EARLIEST, PETABYTE, Known
from watershed.quality.rules import Rules, expect_between, expect_known, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("photo_id", 1, None, "a photo id is positive"),
        expect_that("path", "starts_with(path, '/')", "a path starts with a slash"),
        expect_between("file_bytes", 1, PETABYTE, "file_bytes is 1 to 10^15: a photo's file is not empty"),
        expect_between("uploaded_at", EARLIEST, known.latest, "uploaded_at is between 1990 and tomorrow"),
        expect_that("updated_at", "updated_at >= uploaded_at", "nothing changes before it is there"),
        *expect_known(known, "user_id", "users", "a photo has an owner"),
        *expect_known(known, "camera_id", "cameras", "a photo's camera is one that is registered"),
    ]
