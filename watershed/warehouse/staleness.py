"""Which marts are stale, decided from the ledger: a mart is rebuilt only where its inputs changed."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.warehouse.schema.marts import Mart

# What an input table changed, by day; a publish that names no days (a dimension, a mart) counts for marts built whole.
# A day of a cumulative mart changes with every day before it, and waits until it is over. `reads`: inputs of marts.
CHANGED_DAYS = """
    WITH changed_days AS (
        SELECT table_name, day, max(snapshot_id) AS snapshot_id
        FROM ledger.days SEMI JOIN (FROM reads WHERE is_daily) AS reads USING (table_name) GROUP BY ALL
    ),
    changes AS (
        SELECT mart, is_cumulative, day, max(snapshot_id) AS snapshot_id
        FROM reads JOIN changed_days USING (table_name) WHERE is_daily GROUP BY ALL
    ),
    due AS (
        SELECT
            mart,
            day,
            CASE
                WHEN is_cumulative THEN max(snapshot_id) OVER (PARTITION BY mart ORDER BY day) ELSE snapshot_id
            END AS changed
        FROM changes
        WHERE NOT is_cumulative OR day < CAST(now() AS DATE)
    ),
    built AS (SELECT table_name AS mart, day, input_snapshot_id AS built FROM ledger.latest_builds)
    SELECT mart, day FROM due LEFT JOIN built USING (mart, day) WHERE changed > coalesce(built, -1) ORDER BY mart, day
"""
# As announced: an object of which a table got no row, and had none, changed nothing.
LAST_CHANGES = """
    WITH books AS (
        SELECT table_name, snapshot_id, rows_written,
               lag(rows_written) OVER (PARTITION BY table_name, raw_object ORDER BY snapshot_id) AS rows_before
        FROM ledger.books SEMI JOIN (FROM reads WHERE NOT is_daily) AS reads USING (table_name)
    ),
    changes AS (
        SELECT table_name, max(snapshot_id) AS snapshot_id FROM (
            SELECT table_name, snapshot_id FROM books WHERE rows_written > 0 OR rows_before > 0
            UNION ALL SELECT table_name, snapshot_id FROM ledger.days
            UNION ALL SELECT table_name, snapshot_id FROM ledger.inputs
        ) GROUP BY ALL
    ),
    built AS (
        SELECT table_name AS mart, arg_max(input_snapshot_id, snapshot_id) AS built
        FROM ledger.latest_builds GROUP BY ALL
    )
    SELECT mart FROM reads JOIN changes USING (table_name) LEFT JOIN built USING (mart)
    WHERE NOT is_daily GROUP BY mart HAVING max(snapshot_id) > coalesce(max(built), -1) ORDER BY mart
"""


def find_stale_days(con: DuckDBPyConnection, mart: Mart) -> list[date | None]:
    """The days to rebuild, oldest first; `[None]` for a stale mart that is replaced whole."""
    return list_stale_days(con, [mart]).get(mart.address, [])


def is_stale(con: DuckDBPyConnection, mart: Mart, day: date | None) -> bool:
    return (day if mart.day is not None else None) in find_stale_days(con, mart)


def list_stale_days(con: DuckDBPyConnection, marts: Iterable[Mart]) -> dict[str, list[date | None]]:
    """The days to rebuild of each of the marts that is not up to date, by address: two questions in all."""
    names, flags = ("mart", "table_name"), ("is_daily", "is_cumulative")
    schema = pa.schema([*((name, pa.string()) for name in names), *((name, pa.bool_()) for name in flags)])
    reads = [
        {"mart": m.address, "table_name": i, "is_daily": m.day is not None, "is_cumulative": m.is_cumulative}
        for m in marts
        for i in m.inputs
    ]
    con.register("reads", pa.Table.from_pylist(reads, schema=schema))
    stale: dict[str, list[date | None]] = {}
    for mart, day in con.execute(CHANGED_DAYS).fetchall():
        stale.setdefault(mart, []).append(day)
    for (mart,) in con.execute(LAST_CHANGES).fetchall():
        stale[mart] = [None]
    con.unregister("reads")
    return stale
