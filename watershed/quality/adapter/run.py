"""Run rules over a relation of an open DuckDB connection and read off what each found."""

import logging
import os
from dataclasses import dataclass, replace
from typing import cast

from watershed.errors import InvalidInput

os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")  # before the import, which reads it

import sqlalchemy as sa
from duckdb import DuckDBPyConnection
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.expectation import ColumnMapExpectation, Expectation
from great_expectations.validator.validator import calc_validation_statistics

import watershed.quality.adapter.metrics  # noqa: F401  (registers them)
from watershed.quality.adapter.engine import DuckDBExecutionEngine, borrow_connection
from watershed.quality.adapter.names import name_rule
from watershed.quality.adapter.scan import Evaluation, Scan, find_error
from watershed.quality.verdict import Severity

for chatty in ("great_expectations", "great_expectations.data_context.types.base"):
    logging.getLogger(chatty).setLevel(logging.CRITICAL)  # what it logs is in the results too


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule found. `condition` is SQL, true for the rows that fail it; None where the rule is about the table.

    `observed` says what was seen instead, `error` why the rule could not be evaluated.
    """

    name: str
    column: str | None
    severity: Severity
    reason: str
    is_success: bool
    rows_failed: int = 0
    condition: str | None = None
    observed: str | None = None
    error: str | None = None


def run_rules(
    con: DuckDBPyConnection, relation: str, name: str, rules: list[Expectation]
) -> tuple[int, list[RuleOutcome], ExpectationSuiteValidationResult]:
    """How many rows there are, the outcome of each rule in order, and the whole as Great Expectations has it.

    Raises InvalidInput when two rules have the same name.
    """
    names = [name_rule(rule) for rule in rules]
    if repeated := {n for n in names if names.count(n) > 1}:
        raise InvalidInput(
            f"{name} has two rules named {', '.join(sorted(repeated))}: a column takes one rule of a kind"
        )
    scan = Scan(open_engine(con, relation))
    found = scan.evaluate(rules)
    if others := [place for place in range(len(rules)) if place not in found]:
        from watershed.quality.adapter.validate import validate_rules

        found |= dict(zip(others, validate_rules(con, relation, [rules[place] for place in others]), strict=True))
    outcomes = [read_outcome(n, rule, found[place]) for place, (n, rule) in enumerate(zip(names, rules, strict=True))]
    results = [found[place].result for place in range(len(rules))]
    for outcome, result in zip(outcomes, results, strict=True):
        if not outcome.observed and not outcome.error:
            add_counts(result, outcome.rows_failed, scan.rows)
    return scan.rows, outcomes, combine_results(name, results)


def open_engine(con: DuckDBPyConnection, relation: str) -> DuckDBExecutionEngine:
    """One for the open connection, whose only batch is the relation."""
    engine = DuckDBExecutionEngine(engine=sa.create_engine("duckdb:///:memory:", **borrow_connection(con)))
    rows = SqlAlchemyBatchData(engine, query=f"SELECT * FROM {relation}", create_temp_table=False)
    engine.load_batch_data(relation, rows)
    return engine


def read_outcome(name: str, rule: Expectation, found: Evaluation) -> RuleOutcome:
    error = find_error(found.result)
    outcome = RuleOutcome(
        name=name,
        column=getattr(rule, "column", None),
        severity=cast(Severity, rule.severity.value),
        reason=rule.description or name,
        is_success=bool(found.result.success) and not error,
        error=error,
    )
    if error:
        return outcome
    if not isinstance(rule, ColumnMapExpectation):
        return replace(outcome, observed=str(found.result.result.get("observed_value")))
    return replace(outcome, rows_failed=found.rows_failed, condition=found.condition if rule.mostly == 1 else None)


def add_counts(result: ExpectationValidationResult, failed: int, rows: int) -> None:
    """What Data Docs shows beside yes or no: counts, and never a value of a row."""
    share = 100 * failed / rows if rows else 0.0
    result.result = {"element_count": rows, "unexpected_count": failed, "unexpected_percent": share}


def combine_results(name: str, results: list[ExpectationValidationResult]) -> ExpectationSuiteValidationResult:
    statistics = calc_validation_statistics(results)
    return ExpectationSuiteValidationResult(
        success=statistics.success, results=results, suite_name=name, statistics=statistics._asdict()
    )
