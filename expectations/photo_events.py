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
        expect_that("event_id", f"length(event_id) BETWEEN 1 AND {LONGEST_ID}", "an event id is a short text"),
        expect_one_of("kind", KINDS, "a photo is added, changed, replaced or deleted"),
        expect_between("photo_id", 1, None, "a photo id is positive"),
        expect_between("user_id", 1, None, "a user id is positive"),
        expect_that("path", "starts_with(path, '/')", "a path starts with a slash"),
        expect_between("file_bytes", 1, PETABYTE, "file_bytes is 1 to 10^15: a photo's file is not empty"),
        expect_between("camera_id", 1, None, "a camera id is positive"),
        expect_between("version", 1, None, "versions are counted from 1"),
        expect_that("leader", f"length(leader) BETWEEN 1 AND {LONGEST_ID}", "a device has a short name"),
        expect_between("occurred_at", EARLIEST, latest, "an event is of the web's time, a week ahead at most"),
    ]
