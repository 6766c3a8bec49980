"""Rules of kinds that are Great Expectations' own, by its validator: whatever somebody has put into `expectations/`."""

from typing import cast

from duckdb import DuckDBPyConnection
from great_expectations.core import ExpectationSuite
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
from great_expectations.expectations.expectation import ColumnMapExpectation, Expectation
from great_expectations.expectations.registry import get_metric_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration

from watershed.quality.adapter.engine import DuckDBDatasource, DuckDBExecutionEngine, borrow_connection
from watershed.quality.adapter.names import name_rule
from watershed.quality.adapter.scan import Evaluation, find_error


def validate_rules(con: DuckDBPyConnection, relation: str, rules: list[Expectation]) -> list[Evaluation]:
    """What each rule found, in their order.

    Those about rows are asked for yes or no only, since for more it sends a query a rule; they share one scan, and the
    engine keeps their counts.
    """
    batch, engine = open_batch(con, relation)
    found: dict[int, Evaluation] = {}
    for about_rows, result_format in ((True, ResultFormat.BOOLEAN_ONLY), (False, ResultFormat.BASIC)):
        places = [place for place, rule in enumerate(rules) if isinstance(rule, ColumnMapExpectation) == about_rows]
        suite = ExpectationSuite("others", [rules[place] for place in places])
        results = batch.validate(suite, result_format=result_format).results if places else []
        by_name = {name_rule(result.expectation): result for result in results}
        found |= {place: read_evaluation(engine, by_name[name_rule(rules[place])]) for place in places}
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


def read_evaluation(engine: DuckDBExecutionEngine, result: ExpectationValidationResult) -> Evaluation:
    rule = result.expectation
    if find_error(result) or not isinstance(rule, ColumnMapExpectation):
        return Evaluation(result)
    return Evaluation(result, *find_failures(engine, rule))


def find_failures(engine: DuckDBExecutionEngine, rule: ColumnMapExpectation) -> tuple[int, str]:
    """How many rows fail a rule, and the condition that tells them, from the metrics that it was judged by."""
    count, condition = f"{rule.map_metric}.unexpected_count", f"{rule.map_metric}.condition"
    needed = get_metric_kwargs(count, rule.configuration, {"result_format": {"result_format": "BOOLEAN_ONLY"}})
    about = needed["metric_domain_kwargs"], needed["metric_value_kwargs"]
    failing = engine.resolved[MetricConfiguration(condition, *about).id][0]
    return engine.resolved[MetricConfiguration(count, *about).id] or 0, engine.compile_sql(failing)
