"""The DuckDB adapter judges as Great Expectations' own pandas engine does."""

from collections.abc import Sequence
from typing import Any

import duckdb
import great_expectations as gx
import pandas as pd
import pyarrow as pa
from great_expectations import expectations as gxe
from great_expectations.expectations.expectation import Expectation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from watershed.quality.adapter.expectations import ExpectTableRowCountToBeBetween
from watershed.quality.adapter.names import name_rule
from watershed.quality.adapter.run import run_rules
from watershed.quality.adapter.validate import validate_rules
from watershed.quality.rules import (
    describe,
    expect_between,
    expect_match,
    expect_none,
    expect_one_of,
    expect_that,
    expect_unique,
    expect_value,
)

NAUGHTY = "ab0 .é\\%_':\"$夜"
PATTERNS = ("^a", "b$", "[0-9]", "a.b", "^$", "^[^ ]+$", "%", "'", r"\\", ":a", r"\$", "夜|é")

ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-3, 3),
        st.none() | st.text(NAUGHTY, max_size=4),
        st.none() | st.floats(-2, 2, allow_nan=False),
    ),
    max_size=12,
)


def make_rules(pattern: str, text: str) -> list[Expectation]:
    return [
        gxe.ExpectColumnValuesToBeBetween(column="whole", min_value=-1, max_value=2),
        gxe.ExpectColumnValuesToBeBetween(column="real", min_value=0.5, strict_min=True),
        gxe.ExpectColumnValuesToBeInSet(column="whole", value_set=[0, 1, 2]),
        gxe.ExpectColumnValuesToBeInSet(column="text", value_set=["a", "b", text]),
        gxe.ExpectColumnValuesToMatchRegex(column="text", regex=pattern),
        gxe.ExpectColumnValuesToNotMatchRegex(column="text", regex=pattern),
        gxe.ExpectColumnValuesToNotBeNull(column="whole"),
        gxe.ExpectColumnValuesToNotBeNull(column="text"),
        gxe.ExpectColumnValuesToBeUnique(column="whole"),
        gxe.ExpectColumnValuesToBeUnique(column="text"),
        gxe.ExpectColumnValuesToBeUnique(column="real"),
    ]


# An example takes a third of a second: shrinking one would take minutes.
@settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rows=ROWS, pattern=st.sampled_from(PATTERNS), text=st.text(NAUGHTY, max_size=3))
def test_verdicts_are_those_of_pandas(rows: list[tuple[Any, ...]], pattern: str, text: str) -> None:
    rules = make_rules(pattern, text)
    assert judge_on_duckdb(rows, rules) == judge_on_pandas(rows, rules)


def judge_on_duckdb(rows: Sequence[tuple[Any, ...]], rules: list[Expectation]) -> dict[str, tuple[bool, int]]:
    """Whether each rule holds and how many rows break it, which its SQL condition must select."""
    con = stage(rows)
    _, outcomes, _ = run_rules(con, "staged", "test", rules)
    for outcome in outcomes:
        assert outcome.error is None
        selected = con.execute(f"SELECT count(*) FROM staged WHERE {outcome.condition}").fetchone()
        assert selected == (outcome.rows_failed,)
    return {outcome.name: (outcome.is_success, outcome.rows_failed) for outcome in outcomes}


def stage(rows: Sequence[tuple[Any, ...]]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    kinds = {"whole": pa.int64(), "text": pa.string(), "real": pa.float64()}
    columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds.values())]
    con.from_arrow(pa.table(columns, list(kinds))).create("staged")
    return con


def judge_on_pandas(rows: Sequence[tuple[Any, ...]], rules: list[Expectation]) -> dict[str, tuple[bool, int]]:
    frame = pd.DataFrame(rows, columns=["whole", "text", "real"], dtype=object)
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    found = batch.validate(gx.ExpectationSuite("test", expectations=rules))
    return {
        name_rule(result.expectation): (bool(result.success), result.result["unexpected_count"])
        for result in found.results
    }


def test_a_missing_number_passes_and_nan_does_not() -> None:
    """pandas cannot tell them apart. In a column of the lake, NaN is a value, and in no range."""
    con = duckdb.connect()
    con.execute("CREATE TABLE staged AS FROM (VALUES (NULL), ('nan'::DOUBLE), (1.0)) AS t(real)")
    _, (outcome,), _ = run_rules(con, "staged", "test", [gxe.ExpectColumnValuesToBeBetween(column="real", max_value=2)])
    assert outcome.rows_failed == 1


def make_own_rules(pattern: str) -> list[Expectation]:
    return [
        expect_value("whole", "whole is there"),
        expect_between("whole", -1, 2, "whole is -1 to 2"),
        expect_between("real", None, 1, "real is at most 1"),
        expect_between("text", 0, 1, "text is no number: not to be evaluated"),
        expect_one_of("text", ["a", "b", "'"], "text is one of three"),
        expect_match("text", pattern, "text has the pattern"),
        expect_that("real", "real >= whole", "real is at least whole"),
        expect_that("whole", "whole > 0", "half of whole is above 0", mostly=0.5),
        expect_that("text", "text < no_such_column", "not to be evaluated"),
        expect_unique("whole", ["text"], "whole and text occur once", among="real IS NOT NULL"),
        expect_none("negative", "SELECT 1 FROM {rows} WHERE whole < -2", "whole is above -3"),
        expect_none("unknown", "SELECT no_such_column FROM {rows}", "not to be evaluated"),
        ExpectTableRowCountToBeBetween(min_value=3, **describe("there are three rows", "warning")),
    ]


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, pattern=st.sampled_from(PATTERNS))
def test_one_scan_judges_as_the_validator_does(rows: list[tuple[Any, ...]], pattern: str) -> None:
    """Errors included: each concerns its own rule alone."""
    rules, con = make_own_rules(pattern), stage(rows)
    _, outcomes, _ = run_rules(con, "staged", "test", rules)
    validated = validate_rules(con, "staged", rules)
    for outcome, found in zip(outcomes, validated, strict=True):
        assert outcome.is_success == found.result.success, outcome.name
        assert outcome.rows_failed == found.rows_failed, outcome.name
        assert outcome.condition in (found.condition, None), outcome.name
    assert [outcome.name for outcome in outcomes if outcome.error] == ["between:text", "satisfy:text", "none:unknown"]
