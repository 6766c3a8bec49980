"""The words in which rules are written: each makes one Great Expectations object, which is imported when it is needed.

`because` is the rule in plain language, as people read it in the ledger, the quarantine and Data Docs. A failing row
goes to quarantine, unless the severity is `info`, which only reports, or `mostly` allows a share of the rows to fail.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from watershed.declarations import find_table
from watershed.quality.known import Known
from watershed.quality.verdict import Severity

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

Rules: TypeAlias = "list[Expectation]"
Bound: TypeAlias = "float | datetime | None"


def expect_between(
    column: str, lowest: Bound, highest: Bound, because: str, severity: Severity = "warning"
) -> "Expectation":
    """The value is `lowest` to `highest`, both included; None: no bound on that side."""
    from watershed.quality.adapter.expectations import ExpectColumnValuesToBeBetween

    return ExpectColumnValuesToBeBetween(
        column=column, min_value=lowest, max_value=highest, **describe(because, severity)
    )


def expect_one_of(column: str, values: Collection[Any], because: str, severity: Severity = "warning") -> "Expectation":
    from watershed.quality.adapter.expectations import ExpectColumnValuesToBeInSet

    return ExpectColumnValuesToBeInSet(column=column, value_set=[*values], **describe(because, severity))


def expect_match(column: str, pattern: str, because: str, severity: Severity = "warning") -> "Expectation":
    """The regular expression is found in the value."""
    from watershed.quality.adapter.expectations import ExpectColumnValuesToMatchRegex

    return ExpectColumnValuesToMatchRegex(column=column, regex=pattern, **describe(because, severity))


def expect_value(column: str, because: str) -> "Expectation":
    """The value is not null. The contract derives this rule; all other rules let nulls pass."""
    from watershed.quality.adapter.expectations import ExpectColumnValuesToNotBeNull

    return ExpectColumnValuesToNotBeNull(column=column, **describe(because, "warning"))


def expect_that(
    column: str, condition: str, because: str, severity: Severity = "warning", mostly: float = 1
) -> "Expectation":
    """A SQL condition over the columns of the row holds wherever `column` has a value."""
    from watershed.quality.adapter.expectations import ExpectColumnValuesToSatisfy

    return ExpectColumnValuesToSatisfy(column=column, condition=condition, mostly=mostly, **describe(because, severity))


def expect_known(
    known: Known, columns: str | Sequence[str], table: str, because: str, key: Sequence[str] = (), about: str = ""
) -> Rules:
    """`columns` together are a key of another table: its contract's, or the columns that `key` names in their order.

    A row that has a null in one of them refers to nothing. No rule where nothing is known of that table. `about` tells
    a rule from another one about the same columns.
    """
    from watershed.quality.adapter.expectations import ExpectColumnValuesToExistIn

    if (relation := known.references.get(table)) is None:
        return []
    first, *others = (columns,) if isinstance(columns, str) else columns
    named = ", ".join(f'"{name}"' for name in key or find_table(table).key)
    keys = f"SELECT {named} FROM {relation}"
    told = describe(because, "warning")
    return [ExpectColumnValuesToExistIn(column=first, others=others, keys=keys, about=about, **told)]


def expect_unique(column: str, others: Collection[str], because: str, among: str = "true") -> "Expectation":
    """`column` and `others` together occur once among the rows for which the SQL condition `among` holds."""
    from watershed.quality.adapter.expectations import ExpectKeyToBeUnique

    return ExpectKeyToBeUnique(column=column, others=[*others], among=among, **describe(because, "warning"))


def expect_none(about: str, query: str, because: str) -> "Expectation":
    """A query finds nothing, else nothing is published. In it `{rows}` are the checked rows; `about` names the rule."""
    from watershed.quality.adapter.expectations import ExpectNoneFound

    return ExpectNoneFound(about=about, query=query, **describe(because, "critical"))


def describe(because: str, severity: Severity) -> dict[str, Any]:
    from great_expectations.expectations.metadata_types import FailureSeverity

    return {"description": because, "severity": FailureSeverity(severity)}
