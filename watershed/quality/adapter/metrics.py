"""Metrics for DuckDB. Those about rows are conditions on one column: Great Expectations counts all such in one scan."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from great_expectations.expectations.metrics import ColumnMapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider import column_condition_partial
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from watershed.quality.adapter.engine import DuckDBExecutionEngine

CALENDAR = date(1900, 1, 1), date(9999, 12, 31)
LINES_A_BLOCK = 16  # as a power of two: 8 kB of bits for 65,536 lines of an object


class ColumnValuesMatchRegex(ColumnMapMetricProvider):
    """`regexp_matches` finds the pattern anywhere in the value, as `re.search` and pandas do."""

    condition_metric_name = "column_values.match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: sa.ColumnClause, regex: str, **kwargs: Any) -> sa.ColumnElement:
        return sa.func.regexp_matches(column, sa.literal(regex))


class ColumnValuesNotMatchRegex(ColumnMapMetricProvider):
    condition_metric_name = "column_values.not_match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: sa.ColumnClause, regex: str, **kwargs: Any) -> sa.ColumnElement:
        return sa.not_(sa.func.regexp_matches(column, sa.literal(regex)))


class ColumnValuesUnique(ColumnMapMetricProvider):
    """A value is unique when it is not among those that occur twice. A window would need a query of its own."""

    condition_metric_name = "column_values.unique"

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: sa.ColumnClause, _table: sa.FromClause, **kwargs: Any) -> sa.ColumnElement:
        return column.not_in(select_repeated([column], _table))


class ColumnValuesUniqueKey(ColumnMapMetricProvider):
    """The same for `column` and the columns `others` together, among the rows for which the SQL `among` is true."""

    condition_metric_name = "column_values.unique_key"
    condition_value_keys = ("others", "among")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(
        cls, column: sa.ColumnClause, others: list[str], among: str, _table: sa.FromClause, **kwargs: Any
    ) -> sa.ColumnElement:
        key = [column, *(sa.column(name) for name in others)]
        chosen = sa.literal_column(f"({among})", sa.Boolean)
        return sa.or_(sa.not_(chosen), sa.tuple_(*key).not_in(select_repeated(key, _table, chosen)))


class ColumnValuesExistIn(ColumnMapMetricProvider):
    """`column` and `others` are a key of another relation: `keys` is a SELECT of as many columns."""

    condition_metric_name = "column_values.exist_in"
    condition_value_keys = ("keys", "others")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: sa.ColumnClause, keys: str, others: list[str], **kwargs: Any) -> sa.ColumnElement:
        rest: list[sa.ColumnClause] = [sa.column(name) for name in others]
        own = sa.tuple_(column, *rest) if rest else column
        found = own.op("IN", return_type=sa.Boolean)(sa.literal_column(f"({keys})"))
        return sa.or_(*(other.is_(None) for other in rest), found) if rest else found


class ColumnValuesSatisfy(ColumnMapMetricProvider):
    """A condition over all columns of the row, as SQL; rows for which it is null satisfy it."""

    condition_metric_name = "column_values.satisfy"
    condition_value_keys = ("condition",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: sa.ColumnClause, condition: str, **kwargs: Any) -> sa.ColumnElement:
        return sa.literal_column(f"({condition})", sa.Boolean)


class TableColumnTypes(TableMetricProvider):
    """Names and DuckDB types as DESCRIBE tells them, for views and files as well as tables."""

    metric_name = "table.column_types"
    value_keys = ("include_nested",)
    default_kwarg_values = {"include_nested": True}  # noqa: RUF012  (as the base class declares it)

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, execution_engine: DuckDBExecutionEngine, metric_domain_kwargs: dict, **kwargs: Any) -> list[dict]:
        rows = execution_engine.list_rows(metric_domain_kwargs)
        described = execution_engine.execute_query(sa.text(f"DESCRIBE {rows}"))
        return [{"name": row[0], "type": row[1]} for row in described.fetchall()]


class TableRepeatedLines(TableMetricProvider):
    """How many rows share their raw object and line with another.

    Lines of an object are dense, so a bit a line tells the distinct ones: ten times cheaper than a hash table.
    """

    metric_name = "table.repeated_lines"

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, execution_engine: DuckDBExecutionEngine, metric_domain_kwargs: dict, **kwargs: Any) -> int:
        inside, last = f"raw_line & {2**LINES_A_BLOCK - 1}", 2**LINES_A_BLOCK - 1
        blocks = (
            sa.select(sa.text(f"count(*) - bit_count(bitstring_agg(({inside})::INTEGER, 0, {last})) AS repeated"))
            .select_from(execution_engine.select_from(metric_domain_kwargs))
            .group_by(sa.text(f"raw_object, raw_line >> {LINES_A_BLOCK}"))
            .subquery()
        )
        query = sa.select(sa.text("coalesce(sum(repeated), 0)::BIGINT")).select_from(blocks)
        return int(execution_engine.execute_query(query).scalar_one())


class TableFoundRows(TableMetricProvider):
    """How many rows a query finds, in which `{rows}` stands for the relation."""

    metric_name = "table.found_rows"
    value_keys = ("about", "query")

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(
        cls,
        execution_engine: DuckDBExecutionEngine,
        metric_domain_kwargs: dict,
        metric_value_kwargs: dict,
        **kwargs: Any,
    ) -> int:
        rows = execution_engine.list_rows(metric_domain_kwargs)
        found = sa.text(f"SELECT count(*) FROM ({metric_value_kwargs['query'].replace('{rows}', f'({rows})')})")
        return int(execution_engine.execute_query(found).scalar_one())


class TableRowsPerDay(TableMetricProvider):
    """How many rows each day has: `{date: rows}`. Days that no calendar of ours has are left to the rules on rows."""

    metric_name = "table.rows_per_day"
    value_keys = ("column",)

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(
        cls,
        execution_engine: DuckDBExecutionEngine,
        metric_domain_kwargs: dict,
        metric_value_kwargs: dict,
        **kwargs: Any,
    ) -> dict:
        day = sa.cast(sa.column(metric_value_kwargs["column"]), sa.Date)
        rows = execution_engine.select_from(metric_domain_kwargs)
        query = sa.select(day, sa.func.count()).select_from(rows).where(day.between(*CALENDAR)).group_by(day)
        return dict(execution_engine.execute_query(query).fetchall())


def select_repeated(key: list[sa.ColumnClause], rows: sa.FromClause, *conditions: sa.ColumnElement) -> sa.Select:
    complete = [column.is_not(None) for column in key]
    return sa.select(*key).select_from(rows).where(*complete, *conditions).group_by(*key).having(sa.func.count() > 1)
