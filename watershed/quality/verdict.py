"""What a check found: rows for the ledger, sentences that block the publish, SQL that selects the failing rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from watershed.declarations.table import Table

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True)
class RuleResult:
    """The outcome of one rule: a row of `ledger.checks`, with its names."""

    rule: str
    column_name: str | None
    severity: Severity
    rows_evaluated: int
    rows_failed: int
    is_success: bool
    reason: str


@dataclass(frozen=True)
class FailedRule:
    """A row rule that some rows fail: `condition` is SQL, true for those rows; it may be null for others."""

    rule: str
    column: str
    reason: str
    condition: str


@dataclass(frozen=True)
class Verdict:
    """The outcome of all rules of a table over `relation`, a SQL name.

    `blocking` sentences: not empty means that nothing may be published. `failed_rules`: those whose rows belong in
    quarantine. `validation` is what Great Expectations returned, for Data Docs.
    """

    table: Table
    relation: str
    results: tuple[RuleResult, ...]
    blocking: tuple[str, ...]
    failed_rules: tuple[FailedRule, ...]
    validation: "ExpectationSuiteValidationResult"

    @property
    def failing_condition(self) -> str:
        """SQL that is true for rows that belong in quarantine, false for all others and never null.

        It holds for `relation` and for any part of it, such as one of its files. Uniqueness looks at `relation` itself.
        """
        return " OR ".join(f"coalesce({rule.condition}, false)" for rule in self.failed_rules) or "false"

    @property
    def failing_sql(self) -> str:
        """A SELECT of the failing rows, each once: raw_object, raw_line, rule (the first), reason (all), row_json."""
        failures = ", ".join(
            f"CASE WHEN {rule.condition} THEN {{'rule': {quote(rule.rule)}, 'reason': {quote(rule.reason)}}} END"
            for rule in self.failed_rules
        )
        row = ", ".join(f'{quote(column.name)}: "{column.name}"' for column in self.table.all_columns)
        return (
            "SELECT raw_object, raw_line, failed[1].rule AS rule, "
            "array_to_string([f.reason FOR f IN failed], '; ') AS reason, row_json "
            f"FROM (SELECT raw_object, raw_line, [f FOR f IN [{failures or 'NULL'}] IF f IS NOT NULL] AS failed, "
            f"to_json({{{row}}})::VARCHAR AS row_json FROM {self.relation} WHERE {self.failing_condition})"
        )


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
