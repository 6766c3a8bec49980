"""Columns of an Ibis expression, followed through its relations to the tables that it begins with."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from watershed.lineage.origins import ColumnOrigin, How, Lineage, pass_on, settle

if TYPE_CHECKING:
    import ibis.expr.types as ir


def trace_expression(expression: "ir.Table") -> Lineage:
    """The lineage of an expression over unbound tables, whose names are the addresses of the origins."""
    root = expression.op()
    return Lineage({name: settle(trace_field(root, name)) for name in expression.columns})


@lru_cache(maxsize=4096)
def trace_field(relation: Any, name: str) -> frozenset[ColumnOrigin]:
    import ibis.expr.operations as ops

    if isinstance(relation, ops.UnboundTable):
        return frozenset({ColumnOrigin(relation.name, name)})
    if isinstance(relation, ops.Set):
        return trace_field(relation.left, name) | trace_field(relation.right, name)
    value = relation.values[name]
    found: set[ColumnOrigin] = set()
    for field, key in find_fields(value):
        origins = trace_field(field.rel, field.name)
        if key is not None:
            origins = frozenset(ColumnOrigin(o.address, f"{o.column}.{key}", o.how) for o in origins)
        found |= pass_on(origins, judge_value(value))
    return frozenset(found)


def find_fields(value: Any) -> Iterator[tuple[Any, str | None]]:
    """The fields that a value is made of; of a map from which it takes one key, with that key."""
    import ibis.expr.operations as ops

    taken = [get for get in value.find(ops.MapGet, filter=ops.Value) if isinstance(get.arg, ops.Field)]
    keyed = {get.arg for get in taken}
    yield from ((get.arg, str(get.key.value)) for get in taken)
    yield from ((field, None) for field in value.find(ops.Field, filter=ops.Value) if field not in keyed)


def judge_value(value: Any) -> How:
    import ibis.expr.operations as ops

    if isinstance(value, ops.Field):
        return "copied"
    return "aggregated" if value.find(ops.Reduction, filter=ops.Value) else "computed"
