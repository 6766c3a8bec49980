"""Check staged rows by push-down, schema and business rules in a number of scans that does not grow with the rules."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Table
from watershed.project import find_module
from watershed.quality.known import Known
from watershed.quality.rules import Rules
from watershed.quality.schema import derive_rules, require_moments
from watershed.quality.verdict import FailedRule, RuleResult, Verdict

if TYPE_CHECKING:
    from watershed.quality.adapter.run import RuleOutcome


def check_rows(
    con: DuckDBPyConnection,
    table: Table,
    relation: str,
    as_of: datetime,
    references: Mapping[str, str] | None = None,
    rows_per_day: Mapping[date, int] | None = None,
) -> Verdict:
    """Evaluate all rules of `table` over `relation`, a view over its staged files, or anything that may follow FROM.

    `con` stays open and keeps its transaction. For the other arguments see `Known`. Rows are only counted; the failing
    ones are selected by `Verdict.failing_sql`.
    """
    known = Known(as_of, references or {}, rows_per_day or {})
    return judge_rows(con, table, relation, list_rules(con, table, known))


def format_suspicion(
    con: DuckDBPyConnection, table: Table, empty: str, as_of: datetime, references: Mapping[str, str]
) -> str:
    """SQL that is true for the rows that a row rule will send to quarantine, false for all others and never null.

    The rules are asked about `empty`, a relation with the table's columns and no rows. Staging writes suspects into
    files of their own, so that taking them out rewrites little; what they are is for `check_rows` to say.
    """
    from watershed.quality.adapter.run import run_rules

    known = Known(as_of, references, {})
    _, outcomes, _ = run_rules(con, empty, table.address, list_rules(con, table, known))
    judged = [o for o in outcomes if o.severity != "info" and not o.name.startswith("unique")]  # those need all rows
    conditions = [o.condition for o in judged if o.condition]
    return " OR ".join(f"coalesce({condition}, false)" for condition in conditions) or "false"


def list_rules(con: DuckDBPyConnection, table: Table, known: Known) -> Rules:
    return [*derive_rules(con, table, known), *find_rules(table, known), *require_moments(table)]


def find_rules(table: Table, known: Known) -> Rules:
    """The business rules in `expectations/<table>.py`; none where a table has no such file."""
    module = find_module(f"expectations.{table.name}")
    return module.build_rules(known) if module else []


def judge_rows(con: DuckDBPyConnection, table: Table, relation: str, rules: Rules) -> Verdict:
    """The verdict of the given rules, whatever they are."""
    from watershed.quality.adapter.run import run_rules

    rows, outcomes, validation = run_rules(con, relation, table.address, rules)
    results = tuple(read_result(outcome, rows) for outcome in outcomes)
    is_broken = any(o.name == "columns" and not o.is_success for o in outcomes)  # no SQL over its columns would work
    failed = tuple(
        FailedRule(o.name, o.column, o.reason, o.condition)
        for o in outcomes
        if o.column and o.condition and o.rows_failed and o.severity != "info" and not is_broken
    )
    return Verdict(table, relation, results, tuple(explain_blocks(table, outcomes)), failed, validation)


def read_result(outcome: "RuleOutcome", rows: int) -> RuleResult:
    return RuleResult(
        rule=outcome.name,
        column_name=outcome.column,
        severity=outcome.severity,
        rows_evaluated=rows,
        rows_failed=outcome.rows_failed,
        is_success=outcome.is_success,
        reason=explain(outcome),
    )


def explain(outcome: "RuleOutcome") -> str:
    """The rule in plain language, and what was seen where it does not hold for the table."""
    if outcome.error:
        return f"{outcome.reason}; this could not be evaluated: {outcome.error}"
    seen = f", but {outcome.observed}" if outcome.observed and not outcome.is_success else ""
    return f"{outcome.reason}{seen}"


def explain_blocks(table: Table, outcomes: list["RuleOutcome"]) -> Iterator[str]:
    """A sentence for every critical table rule that fails, and every rule that could not be evaluated."""
    for outcome in outcomes:
        is_critical = outcome.condition is None and outcome.severity == "critical"
        if not outcome.is_success and (is_critical or outcome.error):
            yield f"{table.address} is not published: {explain(outcome)} (rule {outcome.name})"
            if outcome.name == "columns":
                return  # the rest follows from it
