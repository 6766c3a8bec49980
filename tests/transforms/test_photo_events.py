"""Photo events: what messages mean, and that every message, whatever it is, ends as a row or with a problem."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.photo_events import KINDS, TABLE
from tests.transforms.lines import DATA, load_naughty_strings, open_duckdb
from transforms.photo_events import from_photo_events
from watershed.sources.kafka import SCHEMA

GOOD: dict[str, Any] = {
    "event_id": "e1",
    "event": "addPhoto",
    "id": 133422131,
    "user": 54351,
    "path": "/st/u211/1U6uF147Fy.jpg",
    "version": 1,
    "leader": "phone-7",
    "at": "2026-01-01T12:00:00.5+01:00",
}
RECEIVED = datetime(2026, 1, 2)
JSON_FILES = sorted((DATA / "json_test_suite").glob("*.json"))


def open_records() -> ir.Table:
    fields = ((f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA)
    return ibis.table(ibis.Schema.from_pyarrow(pa.schema(fields)), name="records")


@cache
def compile_transform(dialect: str = "duckdb") -> str:
    return str(ibis.to_sql(from_photo_events(open_records()), dialect=dialect))


def stage(messages: Iterable[Any]) -> list[dict[str, Any]]:
    """The rows of messages, each a text, or what becomes its JSON."""
    lines = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    count = range(1, len(lines) + 1)
    given_columns = {"raw_object": ["raw/x"] * len(lines), "raw_line": [*count], "line": lines}
    given_columns["received_at"] = [RECEIVED] * len(lines)
    columns = [pa.array(given_columns.get(f.name, [None] * len(lines))).cast(f.type) for f in SCHEMA]
    with open_duckdb().cursor() as con:
        con.register("records", pa.Table.from_arrays(columns, schema=SCHEMA))
        return con.execute(f"SELECT * FROM ({compile_transform()}) ORDER BY raw_line").to_arrow_table().to_pylist()


def find_problem(**changes: Any) -> str | None:
    """The problem of the good message with changes; Ellipsis takes a field away."""
    (row,) = stage([{name: value for name, value in {**GOOD, **changes}.items() if value is not ...}])
    problem: str | None = row["problem"]
    return problem


def test_an_event_says_what_its_fields_say() -> None:
    (row,) = stage([{**GOOD, "bytes": "1834", "camera": 3, "title": 'the "last" \\ one ☺', "version": 12}])
    assert row.pop("line")
    assert row == {
        "event_id": "e1",
        "kind": "addPhoto",
        "photo_id": 133422131,
        "user_id": 54351,
        "path": "/st/u211/1U6uF147Fy.jpg",
        "file_bytes": 1834,
        "camera_id": 3,
        "title": 'the "last" \\ one ☺',
        "version": 12,
        "leader": "phone-7",
        "occurred_at": datetime(2026, 1, 1, 11, 0, 0, 500_000),
        "received_at": RECEIVED,
        "stamp": "00000000000000000012|2026-01-01T11:00:00.500000|phone-7|e1",
        "raw_object": "raw/x",
        "raw_line": 1,
        "problem": None,
    }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"event_id": ...}, "the event has no event_id"),
        ({"event_id": ""}, "the event has no event_id"),
        ({"event_id": 5}, "the field event_id is not text"),
        ({"event_id": "5"}, None),
        ({"event": ...}, "the event has no event"),
        ({"event": "likePhoto"}, "the event is of an unknown kind"),
        ({"event": ["addPhoto"]}, "the event is of an unknown kind"),
        ({"id": ...}, "the event names no photo (id)"),
        ({"id": None}, "the event names no photo (id)"),
        ({"id": "many"}, "the field id is not a whole number"),
        ({"id": 1.5}, "the field id is not a whole number"),
        ({"id": True}, "the field id is not a whole number"),
        ({"id": ""}, "the field id is not a whole number"),
        ({"id": "1_000"}, "the field id is not a whole number"),
        ({"id": {"id": 1}}, "the field id is not a whole number"),
        ({"id": 2**63 - 1}, None),
        ({"id": 2**63}, "the field id does not fit a 64-bit integer"),
        ({"id": str(-(2**63) - 1)}, "the field id does not fit a 64-bit integer"),
        ({"user": ...}, "the event needs a user"),
        ({"user": ..., "event": "replacePhoto"}, None),
        ({"path": ...}, "the event needs a path"),
        ({"path": ..., "event": "replacePhoto"}, "the event needs a path"),
        ({"path": ..., "user": ..., "event": "updatePhotoData"}, None),
        ({"path": ..., "user": ..., "event": "deletePhoto"}, None),
        ({"path": {"a": 1}}, "the field path is not text"),
        ({"title": [1]}, "the field title is not text"),
        ({"title": "[1]"}, None),
        ({"title": 1999}, "the field title is not text"),
        ({"title": "1999"}, None),
        ({"title": "a\0b"}, "the message holds a NUL character, which databases cannot keep"),
        ({"title": "a\\u0000b"}, None),
        ({"bytes": 1e300}, "the field bytes is not a whole number"),
        ({"camera": 10**30}, "the field camera does not fit a 64-bit integer"),
        ({"version": ...}, None),
        ({"version": "latest"}, "the field version is not a whole number"),
        ({"leader": ...}, "the event has no leader"),
        ({"leader": ""}, "the event has no leader"),
        ({"leader": "a|b"}, "the leader's name holds a |"),
        ({"at": ...}, "the event has no time (at)"),
        *(
            ({"at": at}, "the time (at) does not exist or has no offset from UTC")
            for at in (
                "2026-02-30T00:00:00Z",
                "2026-01-01T00:00:00",
                "2026-01-01T24:00:00Z",
                "yesterday",
                "infinity",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00",
                "",
            )
        ),
        ({"at": 1767265200}, "the time (at) does not exist or has no offset from UTC"),
        ({"later": {"fields": ["are", "ignored"]}}, None),
    ],
    ids=str,
)
def test_what_is_missing_or_wrong_is_said(changes: dict[str, Any], problem: str | None) -> None:
    assert find_problem(**changes) == problem


def test_no_version_is_the_first() -> None:
    (row,) = stage([{name: value for name, value in GOOD.items() if name != "version"}])
    assert (row["version"], row["stamp"][:21]) == (1, "00000000000000000001|")


@pytest.mark.parametrize(
    "text", ["", "{", "addPhoto(id=1)", "[1]", "null", "5", '"text"', "{}", ' {"id": 1} ', "\0", "[" * 10**5]
)
def test_what_is_no_event_is_a_problem(text: str) -> None:
    assert stage([text])[0]["problem"]


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.lists(st.datetimes(datetime(1000, 1, 2), datetime(9998, 1, 1), timezones=OFFSETS | st.just(UTC)), max_size=30)
)
@settings(max_examples=40)
def test_times_are_brought_to_utc(times: list[datetime]) -> None:
    spelled = [t.isoformat().replace("+00:00", "Z") for t in times] + [
        t.strftime("%Y-%m-%dT%H:%M:%S.%f%z") for t in times
    ]
    rows = stage([{**GOOD, "at": text} for text in spelled])
    wanted = [t.astimezone(UTC).replace(tzinfo=None) for t in times * 2]
    assert [row["occurred_at"] for row in rows] == wanted
    assert [row["stamp"].split("|")[1] for row in rows] == [t.isoformat(timespec="microseconds") for t in wanted]


PARTS = st.tuples(
    st.integers(1, 2**63 - 1) | st.integers(1, 12),
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)),
    st.text("ab-é", min_size=1),
)


@given(st.lists(PARTS, min_size=2, max_size=20))
@settings(max_examples=40)
def test_stamps_sort_by_version_then_time(parts: list[tuple[int, datetime, str]]) -> None:
    events = [{**GOOD, "version": v, "at": f"{t.isoformat()}Z", "leader": name} for v, t, name in parts]
    stamps = [row["stamp"] for row in stage(events)]
    by_stamp = [parts[n][:2] for n in sorted(range(len(parts)), key=lambda n: stamps[n])]
    assert by_stamp == sorted(part[:2] for part in parts)


@pytest.mark.parametrize("field", ["event_id", "event", "id", "path", "title", "leader", "at", "version"])
def test_naughty_strings_come_back_or_are_rejected(field: str) -> None:
    texts = load_naughty_strings()
    column = {"event": "kind", "id": "photo_id", "at": "occurred_at"}.get(field, field)
    rows = stage([{**GOOD, field: text} for text in texts])
    assert len(rows) == len(texts)
    for text, row in zip(texts, rows, strict=True):
        if row["problem"] is None and column in ("path", "title", "leader", "event_id"):
            assert row[column] == text
        if row["problem"] is None and field == "event":
            assert text in KINDS
    if field in ("path", "title"):
        assert [row["problem"] for row in rows if row["problem"]] == []


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: path.stem)
def test_json_of_any_kind_is_a_row_or_a_problem(path: Path) -> None:
    text = path.read_bytes().decode(errors="replace")
    rows = stage([text, '{"title":' + text + "," + json.dumps(GOOD)[1:]])
    assert len(rows) == 2
    assert rows[0]["problem"]
    if rows[1]["problem"] is None:
        assert rows[1]["photo_id"] == GOOD["id"]


FRAGMENT = st.sampled_from(
    ['{"event_id":', '"e1"', '"id":1', ",", "}", "{", "[", "]", '"', "\\", "\\u0000", "\\ud800", "null", "1e999", " "]
)


@given(st.lists(st.lists(FRAGMENT | st.text(max_size=3), max_size=8).map("".join), max_size=20))
@settings(max_examples=40)
def test_every_message_ends_once(messages: list[str]) -> None:
    assert [row["raw_line"] for row in stage(messages)] == [*range(1, len(messages) + 1)]


def test_columns_are_those_of_the_contract() -> None:
    rows = from_photo_events(open_records())
    assert rows.columns == (*TABLE.arrow_schema.names, "problem", "line")
    wanted = ibis.Schema.from_pyarrow(TABLE.arrow_schema)
    made = {name: dtype.copy(nullable=wanted[name].nullable) for name, dtype in rows[list(wanted)].schema().items()}
    assert made == dict(wanted.items())


def test_the_transform_has_sql_for_spark() -> None:
    sql = compile_transform("pyspark")
    assert sql.startswith("SELECT") and "FROM_JSON(" in sql
