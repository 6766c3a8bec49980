"""An execution engine and a datasource for DuckDB, which Great Expectations 1.24 lacks.

Stock Great Expectations closes the connection before it fetches, has no regular expressions for DuckDB and reflects
columns through PostgreSQL's catalogue. Its registry walks the classes of an engine, so all that is not said here or in
`metrics.py` comes from its own SQL engine. The dialect stays DuckDB's: PostgreSQL's `~` is a full match in DuckDB.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

import sqlalchemy as sa
from duckdb import DuckDBPyConnection
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration, MetricConfigurationID


class BorrowedConnection(ConnectionWrapper):
    """A connection that stays its owner's: statements run on it, but nothing here ends its transaction or closes it."""

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection, and every metric that it resolved: counts and row conditions are read from `resolved`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.resolved: dict[MetricConfigurationID, Any] = {}

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: dict | None = None,
        runtime_configuration: dict | None = None,
    ) -> dict:
        found = super().resolve_metrics(metrics_to_resolve, metrics, runtime_configuration)
        self.resolved.update(found)
        return found

    def execute_query(self, query: Any) -> sa.CursorResult:
        """Constants go into the text: with a bound pattern DuckDB compiles a regular expression again for every row."""
        with self.get_connection() as connection:
            return connection.exec_driver_sql(self.compile_sql(query))

    def select_from(self, domain_kwargs: dict) -> sa.FromClause:
        """The rows of a domain, as what may follow FROM."""
        return cast(sa.FromClause, self.get_domain_records(domain_kwargs))

    def list_rows(self, domain_kwargs: dict | None = None) -> str:
        """A SELECT of all rows of a domain, as text; without one, of the one batch."""
        return self.compile_sql(sa.select(sa.text("*")).select_from(self.select_from(domain_kwargs or {})))

    def compile_sql(self, clause: sa.ClauseElement) -> str:
        """The text of a query or of a condition, constants included."""
        return str(clause.compile(dialect=self.engine.dialect, compile_kwargs={"literal_binds": True}))


EngineClass = type[SqlAlchemyExecutionEngine]  # spelled here: inside the datasource `type` is its kind


class DuckDBDatasource(SQLDatasource):
    """A datasource on a connection that is already open, so that attached lakes, secrets and views are visible."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> EngineClass:
        return DuckDBExecutionEngine


def borrow_connection(con: DuckDBPyConnection) -> dict[str, Any]:
    """The arguments that make SQLAlchemy use the open connection and no other."""
    wrapped = BorrowedConnection(con)
    return {"creator": lambda: wrapped, "poolclass": sa.StaticPool}
