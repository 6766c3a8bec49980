"""The rows of the inputs that made one row of a query's result.

The values of a result row's key columns are pushed down through the query's subqueries to each table that it reads, as
far as they mean columns of that table; so are the query's own conditions on it. What an expression over several tables
or an aggregate decides cannot be pushed, and then more rows are found than made the number: `followed` tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from watershed.lineage.queries import Query, Tree, read_address

Pushed = dict[str, tuple[str, Any]]  # by an output column of a subquery: the key column, and its value


@dataclass(frozen=True)
class InputRows:
    """Which rows of a table: all for which every condition holds. `followed`: the key columns among them."""

    address: str
    is_macro: bool
    conditions: tuple[str, ...]
    followed: tuple[str, ...]

    @property
    def where(self) -> str:
        return " AND ".join(f"({condition})" for condition in self.conditions) or "true"


@dataclass
class Push:
    """One walk down a query."""

    query: Query
    day: tuple[str, str] | None  # the key column that getvariable('day') makes, and its value
    found: list[InputRows] = field(default_factory=list)

    def visit(self, scope: Scope, pushed: Pushed) -> None:
        if isinstance(scope.expression, exp.SetOperation):
            self.visit_sides(scope, pushed)
        elif isinstance(scope.expression, exp.Select):
            self.visit_select(scope, pushed)

    def visit_sides(self, scope: Scope, pushed: Pushed) -> None:
        united: Tree = scope.expression
        names = [select.alias_or_name for select in united.selects]
        for side in scope.set_operation_scopes:
            query: Tree = side.expression
            own = names if united.args.get("by_name") else [select.alias_or_name for select in query.selects]
            self.visit(side, {own[names.index(n)]: value for n, value in pushed.items() if n in names})

    def visit_select(self, scope: Scope, pushed: Pushed) -> None:
        known = list(spread_equalities(scope, list(list_known_conditions(scope, pushed))))
        for alias, source in scope.sources.items():
            if alias not in scope.selected_sources:
                continue
            own = [(value, *which) for value, *which in known if tables_of(value) == {alias}]
            if isinstance(source, Scope):
                inner = {value.name: (name, wanted) for value, name, wanted in own if isinstance(value, exp.Column)}
                self.visit(source, inner)
            else:
                self.note(source, scope, alias, own)

    def note(self, table: Tree, scope: Scope, alias: str, known: list[tuple[Tree, str, Any]]) -> None:
        conditions = [condition_sql(value, wanted) for value, _, wanted in known]
        own = [part for part in list_conditions(scope) if tables_of(part) == {alias}]
        conditions += [self.own_sql(part) for part in own]
        dated = [self.day[0]] if self.day and any(find_day(part) for part in own) else []
        followed = tuple(dict.fromkeys([*(name for _, name, _ in known), *dated]))
        is_macro = isinstance(table.this, exp.Anonymous)
        self.found.append(InputRows(read_address(table), is_macro, tuple(dict.fromkeys(conditions)), followed))

    def own_sql(self, condition: Tree) -> str:
        """A condition of the query with the day in it."""
        copy = bare(condition)
        for call in find_day(copy):
            call.replace(exp.cast(exp.Literal.string(self.day[1] if self.day else ""), "DATE"))
        return str(copy.sql(dialect="duckdb", comments=False))


def find_input_rows(
    sql: str, known: Mapping[str, Sequence[str]], key: Mapping[str, Any], day: tuple[str, str] | None
) -> list[InputRows]:
    """For every table, view and macro that a query reads, the rows behind the result row that `key` identifies.

    `key`: values by output column, as texts. `day`: the name of the day's column, and what `getvariable('day')` was.
    One entry a table: where a query reads it several times, the one that follows most of the key.
    """
    push = Push(Query(sql, known), day)
    push.visit(push.query.root, {name: (name, value) for name, value in key.items()})
    best: dict[str, InputRows] = {}
    for rows in push.found:
        kept = best.get(rows.address)
        if kept is None or len(rows.followed) > len(kept.followed):
            best[rows.address] = rows
    return list(best.values())


def list_known_conditions(scope: Scope, pushed: Pushed) -> Iterator[tuple[Tree, str, Any]]:
    """Expressions of a SELECT whose value is known, with the key column that says it."""
    query: Tree = scope.expression
    for select in query.selects:
        value = select.unalias()
        if select.alias_or_name not in pushed or value.find(exp.AggFunc, exp.Window, exp.Subquery):
            continue
        name, wanted = pushed[select.alias_or_name]
        parts = list(value.find_all(exp.Column))
        if isinstance(value, exp.Coalesce) and len(tables_of(value)) > 1:  # what USING joins is the same on both sides
            yield from ((part, name, wanted) for part in parts)
        elif parts:
            yield value, name, wanted


def spread_equalities(scope: Scope, known: list[tuple[Tree, str, Any]]) -> Iterator[tuple[Tree, str, Any]]:
    """The same, and what an equality of a join makes of it on the other side."""
    yield from known
    values = {value.sql(): (name, wanted) for value, name, wanted in known}
    query: Tree = scope.expression
    for join in query.args.get("joins") or ():
        for equal in join.find_all(exp.EQ):
            for one, other in ((equal.left, equal.right), (equal.right, equal.left)):
                if one.sql() in values and isinstance(other, exp.Column) and other.sql() not in values:
                    yield (other, *values[one.sql()])


def list_conditions(scope: Scope) -> Iterator[Tree]:
    """Conditions of a SELECT, and of its joins, that are about each row by itself."""
    query: Tree = scope.expression
    where = query.args.get("where")
    wholes = [where.this] if where else []
    wholes += [on for join in query.args.get("joins") or () if (on := join.args.get("on"))]
    for whole in wholes:
        parts = whole.flatten() if isinstance(whole, exp.And) else [whole]
        yield from (part for part in parts if not part.find(exp.Subquery, exp.Select))


def find_day(value: Tree) -> list[Tree]:
    """The calls of `getvariable` in it."""
    return [node for node in value.find_all(exp.Anonymous) if node.name.lower() == "getvariable"]


def tables_of(value: Tree) -> set[str]:
    return {column.table for column in value.find_all(exp.Column)}


def condition_sql(value: Tree, wanted: Any) -> str:
    literal = exp.Literal.string(str(wanted)).sql(dialect="duckdb")
    if isinstance(value, exp.Explode | exp.Unnest):  # a row a member of a list
        inner = value.this if isinstance(value, exp.Explode) else value.expressions[0]
        return f"list_contains({bare(inner).sql(dialect='duckdb')}, {literal})"
    own = bare(value).sql(dialect="duckdb", comments=False)
    return f"{own} IS NULL" if wanted is None else f"{own} = {literal}"


def bare(value: Tree) -> Tree:
    """A copy whose columns are named without their table."""
    return value.copy().transform(lambda node: exp.column(node.name) if isinstance(node, exp.Column) else node)
