"""Which marts are stale, decided from the ledger: a mart is rebuilt only where its inputs changed."""

from datetime import date

from duckdb import DuckDBPyConnection

from warehouse.marts import Mart

# What an input table changed, by day; a publish that names no days (a dimension, a mart) counts for marts built whole.
CHANGED_DAYS = """
    SELECT d.day
    FROM ledger.days AS d
    LEFT JOIN (
        SELECT day, max(input_snapshot_id) AS built FROM ledger.inputs WHERE table_name = ? GROUP BY day
    ) AS mart USING (day)
    WHERE list_contains(?, d.table_name) AND d.snapshot_id > coalesce(mart.built, -1)
    GROUP BY d.day ORDER BY d.day
"""
LAST_CHANGE = """
    SELECT max(snapshot_id) FROM (
        SELECT snapshot_id FROM ledger.books WHERE list_contains(?, table_name)
        UNION ALL SELECT snapshot_id FROM ledger.inputs WHERE list_contains(?, table_name)
    )
"""


def find_stale_days(con: DuckDBPyConnection, mart: Mart) -> list[date | None]:
    """The days to rebuild, oldest first; `[None]` for a stale mart that is replaced whole."""
    inputs = list(mart.inputs)
    if mart.day is not None:
        return [row[0] for row in con.execute(CHANGED_DAYS, [mart.address, inputs]).fetchall()]
    changed = con.execute(LAST_CHANGE, [inputs, inputs]).fetchone()
    built = con.execute(
        "SELECT max(input_snapshot_id) FROM ledger.inputs WHERE table_name = ?", [mart.address]
    ).fetchone()
    last_change, last_build = (changed or (None,))[0], (built or (None,))[0]
    return [None] if last_change is not None and last_change > (-1 if last_build is None else last_build) else []


def is_stale(con: DuckDBPyConnection, mart: Mart, day: date | None) -> bool:
    return (day if mart.day is not None else None) in find_stale_days(con, mart)
