"""Reasons as people read them: what differs from row to row is N, and what a rule says itself stays."""

import duckdb
import pytest

from transforms.reworded import REWORDED as PROJECT_REWORDED
from watershed.flows.ingest.refusal_reasons import REASONS
from watershed.warehouse.connection import quote
from watershed.warehouse.departures import PATTERN, format_reasons, staying_sql, told_sql
from watershed.warehouse.departures import REWORDED as ENGINE_REWORDED

SCALES = "rating is within the scale of its source: 0 to 5 in watch_logs, 1 to 10 in ratings_files"
GROUPS = {
    SCALES: [SCALES] * 3,
    "a minute is below 60,000": ["a minute is below 60,000"] * 2,
    "the line has a NUL byte at 7": ["the line has a NUL byte at 7"],
    "the line has a NUL byte at N": [f"the line has a NUL byte at {n}" for n in (9, 10, 300)],
    "the message has N bytes, more than 1,048,576": [
        f"the message has {n:,} bytes, more than 1,048,576" for n in (2_000_000, 3_500_000, 9_000_001)
    ],
    "2 of N fields: UTF-8 at N": [
        "2 of 3 fields: UTF-8 at 4",
        "2 of 1 fields: UTF-8 at 9",
        "2 of 7 fields: UTF-8 at 6",
    ],
    "1 2 3 4 5 6 7 8 N": ["1 2 3 4 5 6 7 8 9"] * 2,
    "no number at all": ["no number at all"] * 2,
}


@pytest.mark.parametrize("sentence", GROUPS)
def test_numbers_of_a_rule_are_shown(sentence: str) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE parked AS SELECT unnest($reasons) AS reason", {"reasons": GROUPS[sentence]})
    found = con.execute(f"SELECT {told_sql()} FROM parked GROUP BY {PATTERN}").fetchall()
    assert [format_reasons(*told) for told in found] == [sentence]


def test_quoted_values_stay_hidden() -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE parked AS SELECT 'no row of core.users can be made of it: value 4711 of anna' AS reason")
    (told,) = con.execute(f"SELECT {told_sql(is_hidden=True)} FROM parked").fetchall()
    assert format_reasons(*told) == "no row of core.users can be made of it: (masked)"


def test_the_query_for_refused_objects_can_be_made() -> None:
    """It is a format, in which braces of a pattern would be places."""
    assert "read_parquet([])" in REASONS.format(files="[]")


@pytest.mark.parametrize(
    ("dropped", "now", "is_away"),
    [
        *((then, now, True) for then, now in (PROJECT_REWORDED | ENGINE_REWORDED).items()),
        ("the field id is no whole number", "the field id is not a whole number", True),
        ("the line is no UTF-8 at byte N", "invalid UTF-8 at byte 17", True),
        ("the line is longer than N MiB", "the line is longer than 16 MiB", True),
        ("no form of a streaming log fits", "the time is not a valid date and time", False),
    ],
)
def test_rows_dropped_for_a_reason_in_earlier_words_stay_away(dropped: str, now: str, is_away: bool) -> None:
    gone = f"SELECT 'key' AS raw_object, 1 AS raw_line, true AS is_dropped, 'parse' AS rule, {quote(dropped)} AS reason"
    bad = f"(SELECT 'key' AS raw_object, 1 AS raw_line, 'parse' AS rule, {quote(now)} AS reason) AS bad"
    staying = duckdb.execute(f"SELECT count(*) FROM {bad} WHERE {staying_sql(gone)}").fetchone()
    assert staying == (int(not is_away),)
