"""The columns of every table, mart and view, and the columns that they are made of.

Of a table that sources feed, its Ibis transforms say so; of marts and views, their SQL; of what a model makes,
`models.py`. Each is worked out when first asked, in some milliseconds, and kept while the process lasts.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

from watershed.declarations import list_tables, load_features
from watershed.declarations.column_types import as_ibis
from watershed.declarations.table import Source, Stream, Table
from watershed.errors import NotFound
from watershed.lineage.origins import Lineage, merge
from watershed.project import load_module
from watershed.warehouse.ledger.tables import LEDGER_SQL
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.views import View, list_views

LEDGER_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (ledger\.\w+) \((.*?)\n\);", re.DOTALL)


@cache
def trace_columns(address: str) -> Lineage:
    """The lineage of one table, mart, view or macro, one step back. Raises NotFound for what is none of them."""
    if address in (queries := list_queries()):
        return trace_declared(queries[address])
    if address in {f"{f.schema}.{f.name}" for f in load_features().values()}:
        from watershed.lineage.models import trace_features

        return trace_features(address)
    table = next((t for t in list_tables() if t.address == address), None)
    if table is None:
        raise NotFound(f"there is no table, mart or view {address!r}: {', '.join(sorted(list_columns()))}")
    return trace_table(table)


@cache
def list_columns() -> dict[str, tuple[str, ...]]:
    """Column names by address: of every table, feature set, mart, view and macro, and of the ledger."""
    declared: dict[str, Sequence[str]] = {t.address: [c.name for c in t.all_columns] for t in list_tables()}
    declared |= {f.address: [c.name for c in f.columns] for f in load_features().values()}
    declared |= {address: [c.name for c in query.columns] for address, query in list_queries().items()}
    for address, body in LEDGER_TABLE.findall(LEDGER_SQL.read_text()):
        declared[address] = [line.split()[0] for line in body.splitlines() if line.strip()]
    return {address: tuple(names) for address, names in declared.items()}


@cache
def list_queries() -> dict[str, Mart | View]:
    """Marts, views and macros by address."""
    queries: list[Mart | View] = [*list_marts(), *list_views()]
    return {query.address: query for query in queries}


def trace_declared(query: Mart | View) -> Lineage:
    from watershed.lineage.queries import trace_query

    return trace_query(query.sql, list_columns())


def trace_table(table: Table) -> Lineage:
    """Of a table that sources feed: by each the columns of its records, which are `line` for text."""
    if table.is_made:
        from watershed.lineage.models import trace_made

        return trace_made(table.address)
    traced = merge(trace_source(source, table) for source in table.sources)
    return Lineage({c.name: traced.columns.get(c.name, ()) for c in table.all_columns}, traced.rows)


def trace_source(source: Source, table: Table) -> Lineage:
    from watershed.lineage.expressions import trace_expression

    if source.kind == "oltp":
        return trace_expression(fold_extraction(source, table))
    records = open_records(source)
    name = source.like.name if isinstance(source, Stream) and source.like else source.name
    return trace_expression(getattr(load_module(f"transforms.{table.name}"), f"from_{name}")(records))


def open_records(source: Source) -> Any:
    """The records of a source as a table without rows, with the event id that staging gives those of files."""
    import ibis
    import pyarrow as pa

    held = import_module(f"watershed.sources.{source.kind}").SCHEMA
    fields = [(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in held]
    records = ibis.table(ibis.Schema.from_pyarrow(pa.schema(fields)), name=f"raw/{source.name}")
    return records if "event_id" in records.columns else records.mutate(event_id=ibis.null("string"))


def fold_extraction(source: Source, table: Table) -> Any:
    """A history after one extraction and nothing before it: its columns are the database's."""
    import ibis

    from watershed.declarations.table import TRACE
    from watershed.transforms.history import fold_history

    before = ibis.table({c.name: as_ibis(c.type) for c in table.all_columns}, name=table.address)
    fields = {c.origin_name: as_ibis(c.type) for c in table.columns}
    ours = {c.name: f"{c.name}_" if c.name in fields else c.name for c in TRACE}  # a database may call its own so
    trace = {ours[c.name]: as_ibis(c.type) for c in TRACE}
    records = ibis.table(fields | trace, name=f"raw/{source.name}")
    rows = records.rename({c.name: c.origin_name for c in table.columns} | ours)
    keys = rows.select(*table.key)
    moment = datetime(1970, 1, 1)
    return fold_history(before, rows, keys, key=table.key, seen_at=moment, changed_at=table.changed_at)
