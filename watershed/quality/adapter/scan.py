"""What the kinds of rule that we use find in a relation: all row rules in one scan, and Great Expectations judges.

Its validator works out for every check anew which metric of which rule depends on which others: a quarter of a second a
table, however few rows there are. Metric functions and judgements are Great Expectations' here too. Only what lies
between is ours, and a test holds that both ways agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import get_metric_provider

from watershed.quality.adapter.engine import DuckDBExecutionEngine
from watershed.quality.adapter.expectations import RowRule, TableRule

BOOLEAN_ONLY = {"result_format": {"result_format": "BOOLEAN_ONLY"}}
COUNT, TYPES, COLUMNS = "table.row_count", "table.column_types", "table.columns"
NULLS = "column_values.nonnull.unexpected_count"


@dataclass(frozen=True)
class Evaluation:
    """The judgement on a rule. `condition` is SQL, true for the rows that fail it; None where it is about the table."""

    result: ExpectationValidationResult
    rows_failed: int = 0
    condition: str | None = None


class Scan:
    """Evaluates rules over the rows of an engine's batch. `metrics`: what is known of the relation so far.

    A rule that cannot be evaluated, for whatever reason, has failed, and says why; the others are judged all the same.
    """

    def __init__(self, engine: DuckDBExecutionEngine) -> None:
        self.engine = engine
        self.metrics: dict[str, Any] = {}
        self.metrics[TYPES] = self.measure(TYPES, {"include_nested": True})
        self.metrics[COLUMNS] = [column["name"] for column in self.metrics[TYPES]]

    @property
    def rows(self) -> int:
        return int(self.metrics[COUNT])

    def evaluate(self, rules: Iterable[Expectation]) -> dict[int, Evaluation]:
        """What each rule found, by its place among them. Kinds that are none of ours are left out."""
        places = list(enumerate(rules))
        found = self.evaluate_rows({place: rule for place, rule in places if isinstance(rule, RowRule)})
        return found | {place: self.evaluate_table(rule) for place, rule in places if isinstance(rule, TableRule)}

    def evaluate_rows(self, rules: dict[int, RowRule]) -> dict[int, Evaluation]:
        """One scan for all; where it fails, each by itself tells which rule was the reason."""
        conditions, found = self.compile_conditions(rules)
        try:
            counts = self.count_failures(rules, conditions)
        except Exception:
            counts = self.count_failures(rules, {})
            for place, condition in conditions.items():
                try:
                    counts |= self.count_failures(rules, {place: condition})
                except Exception as error:
                    found[place] = Evaluation(fail(rules[place], error))
        for place, (failed, nulls) in counts.items():
            rule = rules[place]
            metrics = {COUNT: self.rows, NULLS: nulls} | {f"{rule.map_metric}.unexpected_count": failed}
            found[place] = Evaluation(judge(rule, metrics), failed, conditions[place])
        return found

    def compile_conditions(self, rules: dict[int, RowRule]) -> tuple[dict[int, str], dict[int, Evaluation]]:
        conditions, found = {}, {}
        for place, rule in rules.items():
            try:
                conditions[place] = self.compile_condition(rule)
            except Exception as error:
                found[place] = Evaluation(fail(rule, error))
        return conditions, found

    def compile_condition(self, rule: RowRule) -> str:
        """SQL that is true for the rows that fail the rule."""
        metric = f"{rule.map_metric}.condition"
        provider: Any = get_metric_provider(metric, self.engine)[0]
        values = {key: getattr(rule, key) for key in provider.condition_value_keys}
        failing, *_ = self.measure(metric, values, {"column": rule.column})
        return self.engine.compile_sql(failing)

    def count_failures(self, rules: dict[int, RowRule], conditions: dict[int, str]) -> dict[int, tuple[int, int]]:
        """How many rows fail each condition, and where a share of them may, in how many the rule's column is null."""
        sums = []
        for place, condition in conditions.items():
            column = rules[place].column.replace('"', '""')
            nulls = "0" if rules[place].mostly == 1 else f'count(*) FILTER ("{column}" IS NULL)'
            sums += [f"count(*) FILTER ({condition})", nulls]
        query = sa.text(f"SELECT {', '.join(['count(*)', *sums])} FROM ({self.engine.list_rows()})")
        self.metrics[COUNT], *counted = self.engine.execute_query(query).one()
        return dict(zip(conditions, zip(counted[::2], counted[1::2], strict=True), strict=True))

    def evaluate_table(self, rule: TableRule) -> Evaluation:
        try:
            measured = {}
            for metric in rule.metric_dependencies:
                if metric not in self.metrics:
                    provider, _ = get_metric_provider(metric, self.engine)
                    measured[metric] = self.measure(metric, {key: getattr(rule, key) for key in provider.value_keys})
            return Evaluation(judge(rule, self.metrics | measured))
        except Exception as error:
            return Evaluation(fail(rule, error))

    def measure(self, metric: str, values: dict[str, Any], domain: dict[str, Any] | None = None) -> Any:
        """A metric, by Great Expectations' function for it."""
        provider, function = get_metric_provider(metric, self.engine)
        return function(
            cls=provider,
            execution_engine=self.engine,
            metric_domain_kwargs=domain or {},
            metric_value_kwargs=values,
            metrics=self.metrics,
            runtime_configuration={},
        )


def judge(rule: Expectation, metrics: dict[str, Any]) -> ExpectationValidationResult:
    """What Great Expectations says of a rule whose metrics are known. It hands out a dictionary or a result."""
    judged = rule._validate(metrics, runtime_configuration=dict(BOOLEAN_ONLY))
    success, seen = judged["success"], judged.get("result") or {}
    return ExpectationValidationResult(success=success, expectation_config=rule.configuration, result=seen)


def fail(rule: Expectation, error: Exception) -> ExpectationValidationResult:
    """A rule that could not be evaluated, as Great Expectations tells one."""
    raised = {"raised_exception": True, "exception_traceback": None, "exception_message": str(error)}
    return ExpectationValidationResult(success=False, expectation_config=rule.configuration, exception_info=raised)


def find_error(result: ExpectationValidationResult) -> str | None:
    """The message of the exception that kept a rule from being evaluated. Its place depends on where it was raised."""
    info = result.exception_info or {}
    raised = [info] if "raised_exception" in info else list(info.values())
    messages = [str(one["exception_message"]) for one in raised if one["raised_exception"]]
    return messages[0].splitlines()[0] if messages else None
