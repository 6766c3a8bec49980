"""Parity: what was published of a stream is computed again from its raw messages, compared, and replaced.

The speed layer answers within seconds; the batch layer is the same steps over the raw objects of hours or days at once,
with everything known that came later. What it makes goes to `core` and drops the speed rows of the same objects in one
transaction, so that every object's rows are in one layer at any snapshot.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables, tables_of
from watershed.declarations.counting import count_nouns
from watershed.declarations.table import TRACE, Table
from watershed.flows.begun import Run
from watershed.flows.checked import read_checked
from watershed.flows.ingest.announce import publish
from watershed.flows.ingest.check import list_sql
from watershed.flows.ingest.publish import publish_source
from watershed.flows.landed import Landed, Settled, read_landed, write_landed
from watershed.flows.published import Published
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import fetch_column, list_objects_of_days, utc_now
from watershed.warehouse.ledger.rows import ParityRow
from watershed.warehouse.publication import LedgerRows
from watershed.warehouse.publish import Publication

SPEED_OBJECTS = """
    SELECT raw_object FROM ledger.books WHERE source = ? GROUP BY raw_object
    HAVING arg_max(table_name, snapshot_id) LIKE 'speed.%' AND min(arrived_at) < ? ORDER BY raw_object
"""
SAMPLED_DAYS = """
    SELECT day FROM ledger.days WHERE list_contains(?, table_name) AND row_count > 0
    GROUP BY day ORDER BY hash(day::VARCHAR || ?), day LIMIT ?
"""


@dataclass(frozen=True)
class Compared(Published):
    """What was published after a comparison; how many days of a table were compared, and how many of them differ."""

    days: int = 0
    differing: int = 0


def take_speed(run: Run, before: datetime) -> dict[str, int]:
    """Take for recomputation the objects whose rows are in the speed layer and that arrived before a moment (UTC)."""
    with closing(connect()) as con:
        return take_objects(run, fetch_column(con, SPEED_OBJECTS, [run.source.name, before]))


def take_sample(run: Run, days: int) -> dict[str, int]:
    """Take for comparison all objects of a few days in `core`: others every time."""
    addresses = [table.address for table in tables_of(run.source, "core")]
    with closing(connect()) as con:
        sampled = fetch_column(con, SAMPLED_DAYS, [addresses, run.id, days])
        objects = set[str]().union(*(list_objects_of_days(con, run.source.name, day, day) for day in sampled))
        speedy = set(fetch_column(con, SPEED_OBJECTS, [run.source.name, datetime.max]))
        return take_objects(run, sorted(objects - speedy))


def take_objects(run: Run, keys: list[str]) -> dict[str, int]:
    write_landed(run, Landed(run.stream, Settled(keys), is_rebuild=True, layer="core"))
    return {"objects": len(keys)}


def settle(run: Run) -> Compared:
    """Compare a checked run with what is published of its objects, and publish it where that is in the speed layer or
    differs. The comparison becomes rows of `ledger.parity` either way."""
    landed = read_landed(run)
    rows: list[ParityRow] = []
    is_speedy = False
    with closing(connect()) as con:
        for table in landed.tables:
            rows += compare(con, table, landed.objects, read_checked(run, table).files)
        query = f"SELECT 1 FROM ({SPEED_OBJECTS}) WHERE list_contains(?, raw_object) LIMIT 1"
        is_speedy = con.execute(query, [run.source.name, datetime.max, landed.objects]).fetchone() is not None
    differing = [row for row in rows if not row.is_equal]
    if is_speedy or differing:
        published = publish_source(run, parity=rows)
    else:
        record = Publication(run.id, f"{run.source.name} parity", run.actor, (), rows=LedgerRows(parity=rows))
        published = Published(publish(record) if rows else None)
    return Compared(**vars(published), days=len(rows), differing=len(differing))


def list_differences(run_id: str) -> list[str]:
    """What the comparison of a settled run found, a sentence for each table and day that differs."""
    query = """
        SELECT table_name, day, rows_published, rows_recomputed, rows_missing, rows_surplus FROM ledger.parity
        WHERE run_id = ? AND rows_missing + rows_surplus > 0 ORDER BY table_name, day
    """
    with closing(connect()) as con:
        found = con.execute(query, [run_id]).fetchall()
    return [
        f"{table} {day}: {count_nouns(published, 'row')} published and {recomputed:,} recomputed; "
        f"{missing:,} missing and {surplus:,} too many or different"
        for table, day, published, recomputed, missing, surplus in found
    ]


def compare(con: DuckDBPyConnection, table: Table, objects: list[str], files: list[str]) -> list[ParityRow]:
    """A row for every day: how many rows are published and recomputed, and how many have no equal on the other side.

    Equal are rows of the same values; which of several copies of a message they were read from makes no difference.
    """
    trace = [column.name for column in TRACE]
    names = ", ".join(f'"{c.name}"' for c in table.all_columns if c.name not in trace)
    listed = ", ".join(map(quote, objects)) or "''"
    layers = [one.address for one in list_tables() if one.name == table.name]
    published = union(f"SELECT {names} FROM {address} WHERE raw_object IN ({listed})" for address in layers)
    recomputed = f"SELECT {names} FROM read_parquet({list_sql(files)})" if files else f"{published} LIMIT 0"
    con.execute(f"CREATE OR REPLACE TEMP TABLE before AS {published}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE after AS {recomputed}")
    day = f'CAST("{table.day}" AS DATE)'
    found = con.execute(
        f"""SELECT day, sum(was)::BIGINT, sum(became)::BIGINT, sum(missing)::BIGINT, sum(surplus)::BIGINT FROM (
                SELECT {day} AS day, 1 AS was, 0 AS became, 0 AS missing, 0 AS surplus FROM before
                UNION ALL SELECT {day}, 0, 1, 0, 0 FROM after
                UNION ALL SELECT {day}, 0, 0, 1, 0 FROM (FROM after EXCEPT ALL FROM before)
                UNION ALL SELECT {day}, 0, 0, 0, 1 FROM (FROM before EXCEPT ALL FROM after)
            ) GROUP BY day ORDER BY day"""
    ).fetchall()
    now = utc_now()
    return [
        ParityRow(table.address, day, was, became, missing, surplus, now)
        for day, was, became, missing, surplus in found
    ]


def union(queries: Iterable[str]) -> str:
    return " UNION ALL BY NAME ".join(queries)
