"""Publish rows into a layer as a run would: staged files, books and days, without a broker or a transform."""

import itertools
from collections import Counter
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from watershed.declarations import find_table
from watershed.declarations.table import Table
from watershed.lake.store import open_store, table_key
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import list_days_of
from watershed.warehouse.ledger.rows import DayRow
from watershed.warehouse.publication import Books, LedgerRows
from watershed.warehouse.publish import Publication, TablePart, publish

Viewing = tuple[datetime, int, str]  # when, who, what
COUNTER = itertools.count(1)


def publish_viewings(address: str, raw_object: str, viewings: list[Viewing]) -> int:
    """Into `core.watch_minutes` or `speed.watch_minutes`; out of the other, if the object's rows are there."""
    named = [{"watched_at": at, "user_id": user, "film_id": film, "minute": 0} for at, user, film in viewings]
    return publish_rows(address, raw_object, named)


def publish_rows(address: str, raw_object: str, rows: list[dict[str, Any]]) -> int:
    table, run_id = find_table(address), f"run{next(COUNTER)}"
    traced = [row | {"raw_object": raw_object, "raw_line": line} for line, row in enumerate(rows, 1)]
    file = stage(table, run_id, traced)
    tally = (len(rows), len(rows), 0, 0, 0)
    books = Books("watch_events", address, raw_object, raw_object, 0, "", datetime(2026, 1, 1), *tally)
    days = list_days(table, raw_object, Counter(row[table.day or ""].date() for row in rows))
    return publish(
        Publication(run_id, "watch_events", "test", (TablePart(address, (file,)),), (books,), LedgerRows(days))
    )


def stage(table: Table, run_id: str, rows: list[dict[str, Any]]) -> str:
    file = open_store().address(table_key(table.address, run_id))
    con = connect()
    con.register("staged_rows", pa.Table.from_pylist(rows, schema=table.arrow_schema))
    con.execute(f"COPY (FROM staged_rows) TO {quote(file)} (FORMAT parquet)")
    return file


def list_days(table: Table, raw_object: str, counts: Counter[date]) -> list[DayRow]:
    before = list_days_of(connect(), [table.address], [raw_object])[table.address]
    left = {day: 0 for _, day in before if day not in counts}
    return [DayRow(table.address, raw_object, day, rows) for day, rows in {**counts, **left}.items()]
