"""Business rules of core.photo_events.

Clocks of devices are wrong, and the order of events allows for it: only times that no such clock explains are refused.
"""

from datetime import timedelta

from contracts.photo_events import KINDS
from watershed.quality.known import EARLIEST, PETABYTE, Known
from watershed.quality.rules import Rules, expect_between, expect_one_of, expect_that

CLOCKS_AHEAD = timedelta(days=7)
LONGEST_ID = 200  # characters: it is kept in every stamp


def build_rules(known: Known) -> Rules:
    latest = known.as_of.replace(microsecond=0) + CLOCKS_AHEAD
    return [
        expect_that("event_id", f"length(event_id) BETWEEN 1 AND {LONGEST_ID}", "event_id has 1 to 200 characters"),
        expect_one_of("kind", KINDS, "kind is addPhoto, updatePhotoData, replacePhoto or deletePhoto"),
        expect_between("photo_id", 1, None, "photo_id is at least 1"),
        expect_between("user_id", 1, None, "user_id is at least 1"),
        expect_that("path", "starts_with(path, '/')", "path starts with a slash"),
        expect_between("file_bytes", 1, PETABYTE, "file_bytes is between 1 and 10^15, a petabyte"),
        expect_between("camera_id", 1, None, "camera_id is at least 1"),
        expect_between("version", 1, None, "version is at least 1"),
        expect_that("leader", f"length(leader) BETWEEN 1 AND {LONGEST_ID}", "leader has 1 to 200 characters"),
        expect_between("occurred_at", EARLIEST, latest, "occurred_at is between 1990 and a week from now"),
    ]
