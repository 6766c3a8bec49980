"""The order of extractions, and what of a database may be earlier than it was."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from watershed.declarations import find_table
from watershed.lake.store import Store
from watershed.settings import Settings, find_home
from watershed.sources.postgres.extraction_order import continues, explain_return, order_extractions
from watershed.sources.postgres.extractions import Extract, Extraction

STORE = Store(Settings(find_home(), "none", "", "", ""))  # asked for older manifests only
NOON = datetime(2026, 3, 1, 12)
FIRST = Extraction("shop", NOON, "1/A0", "1:1:", None, (), 1, "77", 2, NOON + timedelta(minutes=1))
USERS = Extract("public", "users", True, ("user_id",), (("user_id", "bigint"),), "rows", 1, "rows", 1)


def take(number: int, cut_at: datetime, landed_at: datetime, lsn: str = "1/A0") -> Extraction:
    return replace(FIRST, number=number, cut_at=cut_at, landed_at=landed_at, lsn=lsn)


def test_numbers_tell_the_order_and_clocks_only_date() -> None:
    """The third was cut before the others by its clock, the second long after it landed."""
    hour = timedelta(hours=1)
    given = {"c": take(3, NOON - hour, NOON + 2 * hour), "b": take(2, NOON + 9 * hour, NOON + hour), "a": FIRST}
    taken = order_extractions(STORE, given)
    assert [one.key for one in taken] == ["a", "b", "c"]
    tick = timedelta(microseconds=1)
    assert [one.seen_at for one in taken] == [NOON, NOON + hour, NOON + hour + tick]
    assert order_extractions(STORE, {"a": FIRST}, NOON + hour)[0].seen_at == NOON + hour + tick


def test_of_one_number_the_place_in_the_log_decides() -> None:
    """As texts, 1/A0 would come before 1/9F0 and 10/0 before 2/0."""
    lsns = ["1/A0", "1/9F0", "2/0", "10/0"]
    given = {lsn: take(5, NOON, NOON, lsn) for lsn in reversed(lsns)}
    assert [one.key for one in order_extractions(STORE, given)] == lsns


@pytest.mark.parametrize(
    ("change", "said", "goes_on"),
    [
        ({}, None, True),
        ({"lsn": "2/0", "timeline": 2}, None, True),
        ({"timeline": 3, "lsn": "2/0"}, None, False),
        ({"timeline": 3, "lsn": "1/9F"}, "its log went back from 1/A0 of timeline 2 to 1/9F of timeline 3", False),
        ({"timeline": 1}, "its log went back from 1/A0 of timeline 2 to 1/A0 of timeline 1", False),
        ({"lsn": "0/FFFFFFFF"}, "its log went back from 1/A0 of timeline 2 to 0/FFFFFFFF of timeline 2", False),
        ({"system": "78"}, "it was the system 77 and is 78", False),
        ({"cut_at": NOON - timedelta(seconds=1)}, "its clock went back from 2026-03-01 12:00:00", True),
        ({"system": "", "timeline": 0}, None, False),
    ],
)
def test_what_a_database_may_have_lost_is_said(change: dict[str, object], said: str | None, goes_on: bool) -> None:
    now = replace(FIRST, **change)
    found = explain_return(FIRST, now)
    assert (found is None) == (said is None) and (said or "") in (found or "")
    assert continues(now, FIRST) is goes_on


def test_older_manifests_tell_less() -> None:
    old = replace(FIRST, system="", timeline=0, number=0)
    assert explain_return(old, FIRST) is None and continues(FIRST, old)


def test_a_table_that_is_there_twice_is_not_missing() -> None:
    assert FIRST.seek_origin(find_table("users")) is None
    assert replace(FIRST, tables=(USERS,)).seek_origin(find_table("users")) == USERS
    twice = replace(FIRST, tables=(USERS, replace(USERS, schema="archive")))
    with pytest.raises(LookupError, match="several tables called 'users'"):
        twice.seek_origin(find_table("users"))
