"""Rules that follow from the contract alone: columns and types, missing values, times, keys, histories, usual days."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations.column_types import type_sql
from watershed.declarations.table import TRACE, Table
from watershed.quality.known import Known
from watershed.quality.rules import Rules, describe, expect_between, expect_that, expect_unique, expect_value

# A date is held against dates: one of a year beyond 294247 cannot be cast to a time.
SHARED_TIMES = "TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
SHARED_DATES = "DATE '0001-01-01' AND DATE '9999-12-31'"
COLUMNS = """
    SELECT column_name FROM duckdb_columns() WHERE database_name = 'lake' AND schema_name = ? AND table_name = ?
"""
LINE_KEY = tuple(column.name for column in TRACE)


def derive_rules(con: DuckDBPyConnection, table: Table, known: Known) -> Rules:
    """The schema rules of a table, but for `require_moments`, which come last: a business rule says more of a time."""
    return [
        *require_columns(con, table),
        *(expect_value(c.name, f"{c.name} is never missing") for c in table.all_columns if not c.nullable),
        *require_keys(table),
        *(order_versions(known) if table.replaces == "key" else []),
        *require_rows(table, known),
    ]


def require_columns(con: DuckDBPyConnection, table: Table) -> Rules:
    """Columns that the lake has of an earlier contract may be there, too."""
    from watershed.quality.adapter.expectations import ExpectColumnTypes

    types = {column.name: [type_sql(column.type)] for column in table.all_columns}
    for allowed in types.values():
        if allowed == ["JSON"]:
            allowed.append("VARCHAR")  # engines other than DuckDB stage JSON as text
    retired = [name for (name,) in con.execute(COLUMNS, [table.schema, table.name]).fetchall() if name not in types]
    described = describe("columns and types match the contract", "critical")
    return [ExpectColumnTypes(types=types, retired=retired, **described)]


def require_moments(table: Table) -> Rules:
    """Times and dates are such as DuckDB, PostgreSQL and Python all can say. An infinity, a year before Christ or one
    of five digits is another moment, or an error, to some of them. What a query makes says what its inputs say."""
    from watershed.quality.adapter.expectations import ExpectColumnMoments

    if table.is_made:
        return []
    moments = [c for c in table.all_columns if pa.types.is_timestamp(c.type) or pa.types.is_date(c.type)]
    return [
        ExpectColumnMoments(
            column=column.name,
            condition=f'"{column.name}" BETWEEN {SHARED_DATES if type_sql(column.type) == "DATE" else SHARED_TIMES}',
            **describe(f"{column.name} is within the years 1 to 9999", "warning"),
        )
        for column in moments
        if column.name != "valid_to"  # ours, and never before valid_from
        and type_sql(column.type) != "TIMESTAMP_NS"  # which ends in 2262
    ]


def require_keys(table: Table) -> Rules:
    """The key is unique; in a history, at any one time. Rows that repeat a line of a raw object are a defect of ours,
    not of the data: they block the publish.
    """
    from watershed.quality.adapter.expectations import ExpectLinesToBeUnique

    if table.key == LINE_KEY:
        return [ExpectLinesToBeUnique(**describe("a line of a raw object gives at most one row", "critical"))]
    first, *others = table.key
    named = " and ".join(table.key)
    if table.replaces != "key":
        return [expect_unique(first, others, f"{named} occurs only once")]
    return [
        expect_unique("valid_from", table.key, f"{named} has one version at a time"),
        expect_unique(first, others, f"{named} has at most one current version", among="is_current"),
    ]


def order_versions(known: Known) -> Rules:
    current = "is_current = (valid_to IS NULL)"
    return [
        expect_between("valid_from", None, known.latest, "valid_from is not after the version was seen"),
        expect_that("valid_to", "valid_to >= valid_from", "valid_to is not before valid_from"),
        expect_that("is_current", current, "is_current is true exactly where valid_to is missing"),
    ]


def require_rows(table: Table, known: Known) -> Rules:
    """Something came, and about as much a day as usual. Only reported: what came is good even on a quiet day."""
    from watershed.quality.adapter.expectations import ExpectTableRowCountToBeBetween, ExpectUsualRowsPerDay

    if table.replaces != "object" or table.is_live:
        return []
    rules: Rules = []
    if table.home_of:
        rules.append(ExpectTableRowCountToBeBetween(min_value=1, **describe("the table has rows", "warning")))
    if table.day:
        before = {day.isoformat(): rows for day, rows in known.rows_per_day.items()}
        band = describe("rows of a day are within 5 times the median of the 28 days before it", "warning")
        today = known.as_of.date().isoformat()
        rules.append(ExpectUsualRowsPerDay(column=table.day, before=before, today=today, **band))
    return rules
