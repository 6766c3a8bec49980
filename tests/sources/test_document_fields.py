"""How a declared time, and a declared id, may be written in a document."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from watershed.declarations.fields import EPOCH, MOMENT, Field, read_as_text
from watershed.sources.json.fields import take_fields
from watershed.sources.json.text import parse_json, write_json

FIELDS = (Field("_id", read_as_text("document_id")), Field("at", f"(?P<taken_at>{MOMENT}|{EPOCH})"))
MOMENT_1 = datetime(2026, 3, 1, 12, 30, 15)
SECONDS = int(MOMENT_1.replace(tzinfo=UTC).timestamp())


def take(document: Any) -> tuple[dict[str, str], Any]:
    known, other = take_fields(parse_json(json.dumps(document)), FIELDS)
    return known, json.loads(write_json(other))


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (SECONDS, "2026-03-01 12:30:15"),
        (str(SECONDS), "2026-03-01 12:30:15"),
        (SECONDS + 0.5, "2026-03-01 12:30:15.500000"),
        (SECONDS * 1000 + 123, "2026-03-01 12:30:15.123000"),
        (str(SECONDS * 1000), "2026-03-01 12:30:15"),
        (SECONDS * 10**6 + 1, "2026-03-01 12:30:15.000001"),
        (SECONDS * 10**9 + 999, "2026-03-01 12:30:15"),
        (946684800000, "2000-01-01 00:00:00"),
        (0, "1970-01-01 00:00:00"),
        (-86400, "1969-12-31 00:00:00"),
        ({"$date": "2026-03-01T12:30:15Z"}, "2026-03-01 12:30:15"),
        ({"$date": "2026-03-01T13:30:15.123+0100"}, "2026-03-01 12:30:15.123000"),
        ({"$date": {"$numberLong": str(SECONDS * 1000 + 1)}}, "2026-03-01 12:30:15.001000"),
        ({"$date": {"$numberLong": "-1"}}, "1969-12-31 23:59:59.999000"),
        ({"$date": SECONDS * 1000}, "2026-03-01 12:30:15"),
        ({"$date": 5}, "1970-01-01 00:00:00.005000"),
        ({"$date": {"$numberLong": 5}}, "1970-01-01 00:00:00.005000"),
        ({"$numberLong": str(SECONDS * 1000)}, "2026-03-01 12:30:15"),
        ({"$numberInt": str(SECONDS)}, "2026-03-01 12:30:15"),
        ("2026-03-01 12:30:15", "2026-03-01 12:30:15"),
    ],
    ids=json.dumps,
)
def test_a_declared_time_has_several_spellings(value: Any, moment: str) -> None:
    assert take({"at": value, "x": 1}) == ({"taken_at": moment}, {"x": 1})


@pytest.mark.parametrize(
    "value",
    [
        20260301,
        "20260301",
        202603011230,
        20260301123015,
        20260301123015123,
        1.5e12,
        10**20,
        "soon",
        "1 h",
        True,
        None,
        {"$date": "soon"},
        {"$date": 1.5},
        {"$date": True},
        {"$date": None},
        {"$date": {}},
        {"$date": {"$numberLong": "9" * 18}},
        {"$date": {"$numberLong": "9" * 40}},
        {"$date": "2026-03-01T12:30:15Z", "zone": "UTC"},
        {"$timestamp": {"t": SECONDS, "i": 1}},
        {"date": SECONDS},
    ],
    ids=json.dumps,
)
def test_what_is_no_moment_or_may_be_another_stays(value: Any) -> None:
    assert take({"at": value}) == ({}, {"at": value})


@pytest.mark.parametrize(
    "value", ["6545f3e8", {"$oid": "6545f3e8"}, {"$numberLong": "6545"}, {"$uuid": "6545-f3e8"}, 6545], ids=json.dumps
)
def test_a_declared_id_may_be_wrapped(value: Any) -> None:
    text = next(iter(value.values())) if isinstance(value, dict) else str(value)
    assert take({"_id": value, "n": {"$numberLong": "1"}}) == ({"document_id": text}, {"n": {"$numberLong": "1"}})


@pytest.mark.parametrize(
    "value", [{"$oid": {}}, {"$oid": ""}, {"$oid": ["a"]}, {"$oid": "a", "b": 1}, {}], ids=json.dumps
)
def test_other_objects_are_no_ids(value: Any) -> None:
    assert take({"_id": value}) == ({}, {"_id": value})


def test_a_pattern_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"the pattern '\(\?P<a' of the field _id is not a regular expression: "):
        take_fields({"_id": "1"}, [Field("_id", "(?P<a")])
