"""Columns of a SQL query, followed through its subqueries to the tables, views and macros that it names.

sqlglot parses the query and names every column in full; what is left is to walk from scope to scope.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from watershed.errors import InvalidInput
from watershed.lineage.origins import ColumnOrigin, How, Lineage, pass_on, settle

Tree = Any  # of sqlglot, whose classes promise less than they have

# What decides about rows, by the name that a query's expression gives it.
CLAUSES = ("where", "having", "qualify", "group")


def trace_query(sql: str, known: Mapping[str, Sequence[str]]) -> Lineage:
    """The lineage of a query in DuckDB's SQL. `known`: column names by address of all that it may read.

    Raises sqlglot's errors for a text that is not a query.
    """
    return Query(sql, known).trace()


class Query:
    """One parsed query. Scopes are sqlglot's: a SELECT with the sources that it reads, which are tables or scopes."""

    def __init__(self, sql: str, known: Mapping[str, Sequence[str]]) -> None:
        full = qualify(
            parse_one(sql, dialect="duckdb"),
            schema=make_schema(known),
            dialect="duckdb",
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        scope = build_scope(full)
        if scope is None:
            raise InvalidInput(f"this is not a query: {sql[:80]}")
        self.root = scope
        self.memory: dict[tuple[int, str], set[ColumnOrigin]] = {}

    def trace(self) -> Lineage:
        query: Tree = self.root.expression
        columns = {s.alias_or_name: settle(self.trace_output(self.root, s.alias_or_name)) for s in query.selects}
        return Lineage(columns, settle(self.trace_rows()), self.list_expressions())

    @cached_property
    def owners(self) -> dict[int, Scope]:
        """The scope that each column reference stands in, by the reference's id."""
        return {id(column): scope for scope in self.root.traverse() for column in scope.find_all(exp.Column)}

    def trace_output(self, scope: Scope, name: str) -> set[ColumnOrigin]:
        """Origins of an output column of a scope."""
        place = (id(scope), name)
        if place not in self.memory:
            self.memory[place] = set()  # a recursive query adds nothing to itself
            self.memory[place] = set(self.find_output(scope, name))
        return self.memory[place]

    def find_output(self, scope: Scope, name: str) -> Iterator[ColumnOrigin]:
        query: Tree = scope.expression
        if isinstance(query, exp.SetOperation):
            yield from self.find_united(scope, name)
        elif isinstance(query, exp.Query):
            for select in query.selects:
                if select.alias_or_name == name:
                    yield from self.trace_value(select)
        else:  # such as UNNEST: whatever goes in comes out
            yield from pass_on(self.trace_value(query), "computed")

    def find_united(self, scope: Scope, name: str) -> Iterator[ColumnOrigin]:
        """Of a UNION, by the column's place or its name."""
        united: Tree = scope.expression
        place = [select.alias_or_name for select in united.selects].index(name)
        for side in scope.set_operation_scopes:
            query: Tree = side.expression
            own = query.selects[place].alias_or_name if not united.args.get("by_name") else name
            yield from self.trace_output(side, own)

    def trace_value(self, value: Tree) -> set[ColumnOrigin]:
        """Origins of all columns in an expression, those in its subqueries too."""
        how = judge_value(value)
        found: set[ColumnOrigin] = set()
        for column in value.find_all(exp.Column):
            found |= pass_on(self.trace_column(column), how)
        return found

    def trace_column(self, column: exp.Column) -> set[ColumnOrigin]:
        scope: Scope | None = self.owners.get(id(column), self.root)
        while scope is not None and column.table not in scope.sources:
            scope = scope.parent  # a correlated subquery, or UNNEST of a neighbour
        if scope is None:
            return set()
        source = scope.sources[column.table]
        if isinstance(source, Scope):
            return self.trace_output(source, column.name)
        return {ColumnOrigin(read_address(source), column.name)}

    def trace_rows(self) -> set[ColumnOrigin]:
        """Origins of every condition, join and group, wherever in the query."""
        found: set[ColumnOrigin] = set()
        for scope in self.root.traverse():
            for clause in find_clauses(scope.expression):
                found |= self.trace_value(clause)
        return {ColumnOrigin(o.address, o.column) for o in found}

    def list_expressions(self) -> dict[str, str]:
        """What computes each column: where a subquery does, its expression."""
        query: Tree = self.root.expression
        return {
            select.alias_or_name: self.find_expression(select, self.root).sql(dialect="duckdb", comments=False)
            for select in query.selects
        }

    def find_expression(self, select: Tree, scope: Scope) -> Tree:
        value = select.unalias()
        source = scope.sources.get(value.table) if isinstance(value, exp.Column) else None
        if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
            return value
        inner = next((s for s in source.expression.selects if s.alias_or_name == value.name), None)
        return value if inner is None else self.find_expression(inner, source)


def find_clauses(query: Tree) -> Iterator[Tree]:
    """The conditions, joins and groups of one SELECT."""
    yield from (clause for name in CLAUSES if (clause := query.args.get(name)))
    yield from (on for join in query.args.get("joins") or () if (on := join.args.get("on")))
    group = query.args.get("group")
    if group is not None and group.args.get("all"):
        yield from (select for select in query.selects if not select.find(exp.AggFunc, exp.Window))


def judge_value(value: Tree) -> How:
    value = value.unalias()
    if isinstance(value, exp.Column):
        return "copied"
    return "aggregated" if value.find(exp.AggFunc) else "computed"


def read_address(table: exp.Table) -> str:
    """`core.requests`; a macro is called like a function, in whatever case sqlglot prefers."""
    name = table.this.name if isinstance(table.this, exp.Anonymous) else table.name
    return f"{table.db}.{name.lower()}" if table.db else name.lower()


def make_schema(known: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """As sqlglot wants it; types matter to nothing here."""
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for address, columns in known.items():
        folder, _, name = address.partition(".")
        schema.setdefault(folder, {})[name] = dict.fromkeys(columns, "VARCHAR")
    return dict(schema)
