"""Supersede: in a publish, objects give way to those that have all that they have.

Their rows leave tables and quarantine with their books: these go on to say how many rows were read, and count them as
filtered. So nothing takes them for new, and a rollback of the publish brings them back.
"""

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Source, Table
from watershed.flows.ingest.check import list_sql
from watershed.flows.ingest.checked_run import CheckedRun
from watershed.flows.landed import MeasuredContent
from watershed.lake.raw_objects import RawObject
from watershed.warehouse.ledger.history import fetch_column
from watershed.warehouse.ledger.rows import ObjectRow
from watershed.warehouse.publication import Books

READ = """
    SELECT arg_max(rows_read, snapshot_id) FROM ledger.books WHERE table_name = ? AND raw_object = ?
"""


def find_gone(run: CheckedRun, refused: dict[str, str]) -> dict[str, RawObject]:
    """The objects that give way in this publish. One whose successor is refused stays, or the next run takes it."""
    superseded = run.landed.settled.superseded
    return {key: run.store.head(key) for key, successor in superseded.items() if successor not in refused}


def close_books(con: DuckDBPyConnection, source: Source, table: Table, gone: dict[str, RawObject]) -> list[Books]:
    lines = []
    for key, about in gone.items():
        read = int(fetch_column(con, READ, [table.address, key])[0] or 0)
        own = (source.name, table.address, key, about.name, about.bytes, about.sha256, about.arrived_at)
        lines.append(Books(*own, read, 0, 0, 0, rows_filtered=read, origin=about.origin))
    return lines


def list_successions(run: CheckedRun, gone: dict[str, RawObject]) -> list[ObjectRow]:
    """Of a source whose objects are files: what was taken, and what gave way to it."""
    if run.landed.settled.snapshot is None:
        return []
    superseded, contents = run.landed.settled.superseded, run.landed.settled.contents
    return [
        ObjectRow(
            run.source.name,
            key,
            about.name,
            about.origin,
            *contents.get(key, MeasuredContent(None, None, None)),
            superseded_by=superseded[key] if key in gone else None,
        )
        for key, about in {**run.objects, **gone}.items()
    ]


def superseded_sql(run: CheckedRun) -> str:
    """A query that finds a row when something has taken the place of what the run publishes, since it took it."""
    settled = run.landed.settled
    keys = list_sql(sorted({*settled.objects, *settled.superseded.values()}))
    return f"""
        SELECT 1 FROM ledger.objects WHERE superseded_by IS NOT NULL AND snapshot_id > {settled.snapshot}
            AND list_contains({keys}, raw_object)
    """
