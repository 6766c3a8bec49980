"""A time or date that DuckDB, PostgreSQL and Python do not all know goes to quarantine, whatever its table."""

from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest

from tests.quality.staged import AS_OF, stage_rows
from watershed.declarations import load_tables
from watershed.declarations.table import Column
from watershed.quality.check import check_rows

FED = sorted(name for name, table in load_tables().items() if not table.is_made)
GOOD = ("0001-01-01", "9999-12-31")
BAD = (
    "infinity",
    "-infinity",
    "10000-01-01",
    "290000-01-01",
    "0001-12-31 (BC)",
    "4713-01-01 (BC)",
    "290279-12-14 (BC)",
)


@pytest.mark.parametrize("name", FED)
def test_moments_beyond_the_shared_years_are_quarantined(name: str) -> None:
    con = duckdb.connect()
    table = stage_rows(con, name, {})
    for column in table.columns:
        if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
            continue
        moments = ", ".join(f"('{moment}'::TIMESTAMP)" for moment in (*GOOD, *BAD))
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW odd AS SELECT * EXCLUDE (m, n) REPLACE (m AS {column.name}, n AS raw_line) "
            f"FROM staged, (SELECT m, row_number() OVER () AS n FROM (VALUES {moments}) AS v (m))"
        )
        verdict = check_rows(con, table, "odd", AS_OF)
        [rule] = [rule for rule in verdict.failed_rules if rule.rule == f"moment:{column.name}"]
        assert rule.reason == f"{column.name} is within the years 1 to 9999"
        failing = con.execute(f"SELECT CAST({column.name} AS VARCHAR) FROM odd WHERE {rule.condition}").fetchall()
        assert sorted(moment for (moment,) in failing) == sorted(spell(con, moment) for moment in BAD)
        parked = con.execute(f"SELECT row_json FROM ({verdict.failing_sql}) ORDER BY raw_line").fetchall()
        assert all(spell(con, moment) in row for (row,), moment in zip(parked[-len(BAD) :], BAD, strict=True))


def spell(con: duckdb.DuckDBPyConnection, moment: str) -> str:
    return str(con.execute(f"SELECT CAST('{moment}'::TIMESTAMP AS VARCHAR)").fetchall()[0][0])


def test_dates_that_no_time_can_hold_are_quarantined_too() -> None:
    """DuckDB and PostgreSQL have dates up to the year 5874897, and times up to 294247."""
    con = duckdb.connect()
    born = Column("born_date", pa.date32(), "A date", nullable=True)
    users = load_tables()["users"]
    table = replace(users, columns=(*users.columns, born))
    dates = ("0001-01-01", "9999-12-31", "10000-01-01", "294248-01-01", "5874897-12-31", "infinity", "-infinity")
    stage_rows(con, "users", {})
    listed = ", ".join(f"('{date}'::DATE, {n}::BIGINT)" for n, date in enumerate(dates, 1))
    con.execute(f"CREATE TEMP TABLE dates AS FROM (VALUES {listed}) v (born_date, raw_line)")
    con.execute("CREATE TEMP VIEW odd AS FROM (SELECT * EXCLUDE raw_line FROM staged), dates")
    verdict = check_rows(con, table, "odd", AS_OF)
    assert not verdict.blocking
    [rule] = [rule for rule in verdict.failed_rules if rule.rule == "moment:born_date"]
    found = con.execute(f"SELECT raw_line FROM odd WHERE {rule.condition} ORDER BY raw_line").fetchall()
    assert found == [(3,), (4,), (5,), (6,), (7,)]
