"""Run rules over a relation of an open DuckDB connection and read off what each found."""

import logging
import os
from dataclasses import dataclass, replace
from typing import cast

from watershed.errors import InvalidInput

os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")  # before the import, which reads it

import sqlalchemy as sa
from duckdb import DuckDBPyConnection
from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.core.result_format import ResultFormat
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.data_context.context_factory import project_manager
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.expectation import ColumnMapExpectation, Expectation
from great_expectations.expectations.registry import get_metric_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import calc_validation_statistics

import watershed.quality.adapter.metrics  # noqa: F401  (registers them)
from watershed.quality.adapter.engine import DuckDBDatasource, DuckDBExecutionEngine, borrow_connection
from watershed.quality.adapter.expectations import ExpectColumnValuesToExistIn, ExpectNoneFound
from watershed.quality.adapter.scan import Found, Scan
from watershed.quality.verdict import Severity

for chatty in ("great_expectations", "great_expectations.data_context.types.base"):
    logging.getLogger(chatty).setLevel(logging.CRITICAL)  # what it logs is in the results too

SHORT_NAMES = {
    "expect_column_values_to_not_be_null": "not_null",
    "expect_column_values_to_be_between": "between",
    "expect_column_values_to_be_in_set": "in_set",
    "expect_column_values_to_match_regex": "regex",
    "expect_column_values_to_satisfy": "satisfy",
    "expect_column_moments": "moment",
    "expect_column_values_to_exist_in": "exists",
    "expect_key_to_be_unique": "unique",
    "expect_lines_to_be_unique": "unique_lines",
    "expect_column_types": "columns",
    "expect_none_found": "none",
    "expect_usual_rows_per_day": "usual_days",
    "expect_table_row_count_to_be_between": "row_count",
}


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
        found |= dict(zip(others, validate_rules(con, relation, [rules[place] for place in others]), strict=True))
    outcomes = [read_outcome(n, rule, found[place]) for place, (n, rule) in enumerate(zip(names, rules, strict=True))]
    results = [found[place].result for place in range(len(rules))]
    for outcome, result in zip(outcomes, results, strict=True):
        if not outcome.observed and not outcome.error:
            add_counts(result, outcome.rows_failed, scan.rows)
    return scan.rows, outcomes, combine_results(name, results)


def name_rule(rule: Expectation) -> str:
    """A short name, such as `between:rating`; `share:` where a rule allows for some rows that break it. A reference
    is told by all of its columns, and by what it is about if that is said."""
    kind = SHORT_NAMES.get(rule.expectation_type, rule.expectation_type.removeprefix("expect_"))
    if isinstance(rule, ExpectNoneFound):
        return f"{kind}:{rule.about}"
    if not isinstance(rule, ColumnMapExpectation):
        return kind
    if isinstance(rule, ExpectColumnValuesToExistIn):
        return ":".join(filter(None, [kind, ",".join([rule.column, *rule.others]), rule.about]))
    return f"{kind if rule.mostly == 1 else 'share'}:{rule.column}"


def open_engine(con: DuckDBPyConnection, relation: str) -> DuckDBExecutionEngine:
    """One for the open connection, whose only batch is the relation."""
    engine = DuckDBExecutionEngine(engine=sa.create_engine("duckdb:///:memory:", **borrow_connection(con)))
    rows = SqlAlchemyBatchData(engine, query=f"SELECT * FROM {relation}", create_temp_table=False)
    engine.load_batch_data(relation, rows)
    return engine


def validate_rules(con: DuckDBPyConnection, relation: str, rules: list[Expectation]) -> list[Found]:
    """Rules of kinds that are Great Expectations' own, by its validator.

    Those about rows are asked for yes or no only, since for more it sends a query a rule; they share one scan, and the
    engine keeps their counts.
    """
    batch, engine = open_batch(con, relation)
    found: dict[int, Found] = {}
    for about_rows, result_format in ((True, ResultFormat.BOOLEAN_ONLY), (False, ResultFormat.BASIC)):
        places = [place for place, rule in enumerate(rules) if isinstance(rule, ColumnMapExpectation) == about_rows]
        suite = ExpectationSuite("others", [rules[place] for place in places])
        results = batch.validate(suite, result_format=result_format).results if places else []
        by_name = {name_rule(result.expectation): result for result in results}
        found |= {place: read_found(engine, by_name[name_rule(rules[place])]) for place in places}
    return [found[place] for place in range(len(rules))]


def open_batch(con: DuckDBPyConnection, relation: str) -> tuple[Batch, DuckDBExecutionEngine]:
    kept, bars = InMemoryStoreBackendDefaults(), ProgressBarsConfig(globally=False)
    context = EphemeralDataContext(DataContextConfig(store_backend_defaults=kept, progress_bars=bars))
    project_manager.set_project(context)
    settings = DuckDBDatasource(name="lake", connection_string="duckdb:///:memory:", kwargs=borrow_connection(con))
    source = cast(DuckDBDatasource, context.add_datasource(datasource=settings))
    asset = source.add_query_asset("others", query=f"SELECT * FROM {relation}")
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    return batch, cast(DuckDBExecutionEngine, source.get_execution_engine())


def read_found(engine: DuckDBExecutionEngine, result: ExpectationValidationResult) -> Found:
    rule = result.expectation
    if find_error(result) or not isinstance(rule, ColumnMapExpectation):
        return Found(result)
    return Found(result, *find_failures(engine, rule))


def find_failures(engine: DuckDBExecutionEngine, rule: ColumnMapExpectation) -> tuple[int, str]:
    """How many rows fail a rule, and the condition that tells them, from the metrics that it was judged by."""
    count, condition = f"{rule.map_metric}.unexpected_count", f"{rule.map_metric}.condition"
    needed = get_metric_kwargs(count, rule.configuration, {"result_format": {"result_format": "BOOLEAN_ONLY"}})
    about = needed["metric_domain_kwargs"], needed["metric_value_kwargs"]
    failing = engine.resolved[MetricConfiguration(condition, *about).id][0]
    return engine.resolved[MetricConfiguration(count, *about).id] or 0, engine.compile_sql(failing)


def read_outcome(name: str, rule: Expectation, found: Found) -> RuleOutcome:
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


def find_error(result: ExpectationValidationResult) -> str | None:
    """The message of the exception that kept a rule from being evaluated. Its place depends on where it was raised."""
    info = result.exception_info or {}
    raised = [info] if "raised_exception" in info else list(info.values())
    messages = [str(one["exception_message"]) for one in raised if one["raised_exception"]]
    return messages[0].splitlines()[0] if messages else None


def add_counts(result: ExpectationValidationResult, failed: int, rows: int) -> None:
    """What Data Docs shows beside yes or no: counts, and never a value of a row."""
    share = 100 * failed / rows if rows else 0.0
    result.result = {"element_count": rows, "unexpected_count": failed, "unexpected_percent": share}


def combine_results(name: str, results: list[ExpectationValidationResult]) -> ExpectationSuiteValidationResult:
    statistics = calc_validation_statistics(results)
    return ExpectationSuiteValidationResult(
        success=statistics.success, results=results, suite_name=name, statistics=statistics._asdict()
    )
