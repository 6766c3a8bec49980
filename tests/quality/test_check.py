"""What a check gives back: ledger rows, blocking sentences, the failing rows as SQL; and what it costs."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

import duckdb
import pytest

from tests.quality.staged import AS_OF, stage_rows
from watershed.declarations import find_table
from watershed.quality.check import check_rows, judge_rows
from watershed.quality.known import Known
from watershed.quality.rules import expect_between, expect_known, expect_that, expect_unique, expect_value


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_a_row_that_fails_several_rules_is_quarantined_once(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {}, {"user_id": 0, "minute": None, "film_id": ""}, {"minute": 70_000})
    verdict = check_rows(con, table, "staged", AS_OF)
    rows = con.execute(f"SELECT * FROM ({verdict.failing_sql}) ORDER BY raw_line").fetchall()
    assert [row[:3] for row in rows] == [("raw/x/1", 2, "not_null:minute"), ("raw/x/1", 3, "satisfy:minute")]
    assert rows[0][3] == "minute is never missing; user_id is at least 1; film_id has 1 to 500 characters"
    assert json.loads(rows[0][4]) == {
        "watched_at": "2020-06-25 13:44:14",
        "user_id": 0,
        "film_id": "",
        "minute": None,
        "event_id": None,
        "raw_object": "raw/x/1",
        "raw_line": 2,
    }


def test_the_failing_condition_parts_the_rows(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {}, {"minute": None}, {"user_id": None}, {"minute": -1}, {})
    failing = check_rows(con, table, "staged", AS_OF).failing_condition
    kept = con.execute(f"SELECT raw_line FROM staged WHERE NOT ({failing}) ORDER BY 1").fetchall()
    assert kept == [(1,), (5,)]


def test_nothing_fails_in_good_rows(con: duckdb.DuckDBPyConnection) -> None:
    verdict = check_rows(con, stage_rows(con, "watch_minutes", {}, {}), "staged", AS_OF)
    assert (verdict.blocking, verdict.failed_rules, verdict.failing_condition) == ((), (), "false")
    assert con.execute(verdict.failing_sql).fetchall() == []


def test_no_rows_are_reported_and_block_nothing(con: duckdb.DuckDBPyConnection) -> None:
    verdict = check_rows(con, stage_rows(con, "watch_minutes"), "staged", AS_OF)
    assert [result.rule for result in verdict.results if not result.is_success] == ["row_count"]
    assert (verdict.blocking, verdict.failed_rules) == ((), ())


def test_other_columns_than_the_contracts_block(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {"minute": 70_000})
    con.execute(
        "CREATE VIEW other AS SELECT * EXCLUDE (film_id) REPLACE (user_id::VARCHAR AS user_id), 1 AS x FROM staged"
    )
    verdict = check_rows(con, table, "other", AS_OF)
    assert verdict.blocking == (
        "core.watch_minutes is not published: columns and types match the contract, but film_id is missing; "
        "x is not in the contract; user_id is VARCHAR instead of BIGINT (rule columns)",
    )
    assert verdict.failed_rules == ()


def test_lines_that_give_two_rows_block(con: duckdb.DuckDBPyConnection) -> None:
    far = {"raw_line": 5_000_000_000}
    table = stage_rows(con, "watch_minutes", {}, far, {"raw_line": 70_000}, {"raw_line": 70_000})
    (blocking,) = check_rows(con, table, "staged", AS_OF).blocking
    assert "at most one row, but 1 row repeats a line" in blocking


def test_the_same_line_of_two_objects_is_no_repetition(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {"raw_line": 1}, {"raw_line": 1, "raw_object": "raw/x/2"})
    assert check_rows(con, table, "staged", AS_OF).blocking == ()


def test_a_rule_that_cannot_be_evaluated_blocks(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {}, {"minute": 70_000})
    rules = [
        expect_that("minute", "minute < no_such_column", "minutes are few"),
        expect_between("minute", 0, 60, "short"),
    ]
    verdict = judge_rows(con, table, "staged", rules)
    (blocking,) = verdict.blocking
    assert blocking.startswith("core.watch_minutes is not published: minutes are few; this could not be evaluated: ")
    assert "no_such_column" in blocking
    assert [(result.rule, result.rows_failed) for result in verdict.results] == [
        ("satisfy:minute", 0),
        ("between:minute", 1),
    ]


def test_a_name_stands_for_one_rule(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {})
    rules = [expect_between("minute", 0, 9, "first"), expect_between("minute", 0, 60, "second")]
    with pytest.raises(ValueError, match="two rules named between:minute"):
        judge_rows(con, table, "staged", rules)


def test_columns_together_refer_to_a_key(con: duckdb.DuckDBPyConnection) -> None:
    """A null in one of them refers to nothing; one column may refer to several tables."""
    rows = ({}, {"minute": 48}, {"user_id": 8, "minute": 48}, {"user_id": None}, {"user_id": 8, "minute": None})
    table = stage_rows(con, "watch_minutes", *rows)
    pairs = "(VALUES (7, 46), (8, 48)) AS t(user_id, minute)"
    known = Known(AS_OF, {"ratings": pairs, "users": "(SELECT 7 AS user_id)", "cameras": "(SELECT 8 AS user_id)"})
    rules = [
        *expect_known(known, ("user_id", "minute"), "ratings", "both are known", key=("user_id", "minute")),
        *expect_known(known, "user_id", "users", "a user"),
        *expect_known(known, "user_id", "cameras", "no user", key=("user_id",), about="cameras"),
    ]
    verdict = judge_rows(con, table, "staged", rules)
    assert [(r.rule, r.rows_failed) for r in verdict.results] == [
        ("exists:user_id,minute", 1),
        ("exists:user_id", 2),
        ("exists:user_id:cameras", 2),
    ]


def test_versions_of_a_key_must_not_overlap(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "users", {}, {}, {"user_id": 8}, {"user_id": None})
    verdict = check_rows(con, table, "staged", AS_OF)
    rows = con.execute(f"SELECT raw_line, rule, reason FROM ({verdict.failing_sql}) ORDER BY 1").fetchall()
    twice = "user_id has one version at a time; user_id has at most one current version"
    assert rows == [
        (1, "unique:valid_from", twice),
        (2, "unique:valid_from", twice),
        (4, "not_null:user_id", "user_id is never missing"),
    ]


def test_a_compound_key_is_unique_as_a_whole(con: duckdb.DuckDBPyConnection) -> None:
    """As in a mart: replaced by partition, with a key of two columns."""
    stage_rows(con, "watch_minutes", {}, {"minute": 47}, {"user_id": 8}, {"user_id": 8})
    mart = replace(find_table("watch_minutes"), key=("user_id", "minute"), replaces="partition", sources=(), home_of=())
    con.execute("CREATE VIEW mart AS SELECT * EXCLUDE (raw_object, raw_line, event_id) FROM staged")
    verdict = check_rows(con, mart, "mart", AS_OF)
    assert verdict.blocking == ()
    assert [(r.rule, r.rows_failed) for r in verdict.results if not r.is_success] == [("unique:user_id", 2)]


def test_unusual_days_are_reported(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {}, {})
    before = {date(2020, 6, day): 100 for day in (20, 21, 22)}
    results = {r.rule: r for r in check_rows(con, table, "staged", AS_OF, rows_per_day=before).results}
    assert not results["usual_days"].is_success
    assert results["usual_days"].reason.endswith("but 2020-06-25 has 2 rows where 100 are usual")


@pytest.mark.parametrize("when", ["0001-01-01", "9999-12-31 23:59:59", "25000-01-01", "infinity", "-infinity"])
def test_times_out_of_this_world_are_quarantined(con: duckdb.DuckDBPyConnection, when: str) -> None:
    table = stage_rows(con, "watch_minutes", {}, {}, {}, {})
    con.execute(f"""CREATE VIEW odd AS SELECT * REPLACE (
        CASE raw_line WHEN 4 THEN TIMESTAMP '{when}' ELSE watched_at - to_days(raw_line::INTEGER) END AS watched_at
    ) FROM staged""")
    verdict = check_rows(con, table, "odd", AS_OF)
    assert verdict.blocking == ()
    rows = con.execute(f"SELECT raw_line, rule, row_json->>'watched_at' FROM ({verdict.failing_sql})").fetchall()
    assert rows == [(4, "between:watched_at", when if " " in when or "inf" in when else f"{when} 00:00:00")]


def test_the_connection_stays_its_owners(con: duckdb.DuckDBPyConnection) -> None:
    table = stage_rows(con, "watch_minutes", {})
    con.execute("BEGIN; CREATE TABLE open_transaction AS SELECT 1 AS x")
    check_rows(con, table, "staged", AS_OF)
    con.execute("ROLLBACK")
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'open_transaction'").fetchone() == (0,)


@pytest.mark.parametrize("minute", [7, 700], ids=["good", "bad"])
def test_more_rules_make_no_more_scans(con: duckdb.DuckDBPyConnection, minute: int) -> None:
    table = stage_rows(con, "watch_minutes", {}, {"minute": minute})
    rules = [expect_between("minute", 0, 600, "a minute is short")]
    for column in table.all_columns:
        rules.append(expect_value(column.name, "it is there"))
        rules.append(expect_that(column.name, "minute < 600", "the minute is short"))
        rules.append(expect_that(column.name, "minute < 500", "most minutes are short", mostly=0.9))
        rules.append(expect_unique(column.name, ["raw_line"], "it occurs once"))
    assert len(rules) == 29
    few, many = (count_statements(con, partial(judge_rows, con, table, "staged", some)) for some in (rules[:5], rules))
    assert few == many


def test_all_rules_of_a_table_take_few_statements(con: duckdb.DuckDBPyConnection) -> None:
    """One scan for all rules on rows, one for the lines, one for the days; columns stand in the files' footers."""
    table = stage_rows(con, "requests", {}, {"status": 700, "path": "x"})
    assert count_statements(con, partial(check_rows, con, table, "staged", AS_OF)) == 3 + 1


def count_statements(con: duckdb.DuckDBPyConnection, act: Callable[[], object]) -> int:
    """How many statements about the staged rows DuckDB saw meanwhile."""
    con.execute("CALL truncate_duckdb_logs(); CALL enable_logging('QueryLog')")
    act()
    con.execute("CALL disable_logging()")
    (seen,) = con.execute("SELECT count(*) FROM duckdb_logs WHERE message LIKE '%FROM staged%'").fetchone() or (0,)
    return seen
