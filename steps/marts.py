"""Marts: the same protocol for tables made of tables. Stage from one snapshot, check, publish the partition."""

import time
from contextlib import closing
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from lake.store import open_store, spell_table_key
from steps.announce import publish
from warehouse.connection import connect, quote
from warehouse.ddl import describe_mart
from warehouse.ledger import LedgerRows, utc_now
from warehouse.marts import Mart, MartBroken, find_mart, list_marts
from warehouse.publish import Overtaken, Part, Publication, read_snapshot, transact
from warehouse.staleness import find_stale_days, is_stale


def build_stale_marts(run_id: str, first: date | None = None, last: date | None = None) -> dict[str, list[str]]:
    """Build every mart where it is stale; with dates, these days whether stale or not. Returns what was built."""
    built: dict[str, list[str]] = {}
    for mart in list_marts():
        with closing(connect()) as con:
            days = find_stale_days(con, mart) if first is None else list_days(con, mart, first, last or first)
        for day in days:
            if build_mart(mart.name, run_id, day, force=True) is not None:
                built.setdefault(mart.name, []).append(str(day or "whole"))
    return built


def build_stale_mart(mart_name: str, run_id: str, force: bool = False) -> dict[str, Any] | None:
    """Build one mart wherever it is stale, with `force` everywhere. Returns None when there was nothing to build."""
    mart = find_mart(mart_name)
    with closing(connect(read_only=True)) as con:
        days = list_days(con, mart, date.min, date.max) if force else find_stale_days(con, mart)
    made = [built for day in days if (built := build_mart(mart.name, run_id, day, force=True)) is not None]
    return {"rows": sum(m["rows"] for m in made), "days": len(made), "snapshot": made[-1]["snapshot"]} if made else None


def list_days(con: DuckDBPyConnection, mart: Mart, first: date, last: date) -> list[date | None]:
    if mart.day is None:
        return [None]
    query = (
        "SELECT DISTINCT day FROM ledger.days WHERE list_contains(?, table_name) AND day BETWEEN ? AND ? ORDER BY day"
    )
    return [row[0] for row in con.execute(query, [list(mart.inputs), first, last]).fetchall()]


def build_mart(mart_name: str, run_id: str, day: date | None, force: bool = False) -> dict[str, Any] | None:
    """Build one partition of a mart (its whole, where it has none). Returns None when its inputs are unchanged.

    Raises MartBroken when query and header disagree, or when the result breaks a blocking rule.
    """
    mart = find_mart(mart_name)
    day = day if mart.day else None
    with closing(connect()) as con, transact(con):  # one transaction: all inputs as of one snapshot
        if not force and not is_stale(con, mart, day):
            return None
        snapshot = read_snapshot(con)
        began = time.monotonic()
        file, rows = stage_mart(con, mart, day, run_id)
        staged = time.monotonic()
        checks = check_mart(con, mart, file) if rows else []
        checked = time.monotonic()
    publication = Publication(
        run_id=run_id,
        subject=mart.address,
        actor=mart.owner,
        parts=(Part(mart.address, (file,) if rows else (), replaced=spell_partition(mart, day)),),
        rows=LedgerRows(
            inputs=[{"table_name": mart.address, "day": day, "input_snapshot_id": snapshot}],
            checks=[{"table_name": mart.address, **check} for check in checks],
        ),
        timings={"stage": round((staged - began) * 1000), "check": round((checked - staged) * 1000)},
        rows_made=rows,
        overtaken=spell_newer(mart, day, snapshot),
    )
    try:
        made = publish(publication)
    except Overtaken:  # a run beside this one was there first, with newer inputs
        return None
    return {"rows": rows, "snapshot": made, "input_snapshot": snapshot, "day": str(day) if day else None}


def stage_mart(con: DuckDBPyConnection, mart: Mart, day: date | None, run_id: str) -> tuple[str, int]:
    """Write the query's result beside the mart's files. Returns its address and number of rows."""
    describe_mart(con, mart)
    if day is not None:
        con.execute(f"SET VARIABLE day = DATE {quote(str(day))}")
    file = open_store().address(spell_table_key(mart.address, f"{run_id}-{uuid4().hex[:12]}"))
    written = con.execute(f"COPY (\n{mart.sql}\n) TO {quote(file)} (FORMAT parquet)").fetchone()
    return file, int(written[0]) if written else 0


def check_mart(con: DuckDBPyConnection, mart: Mart, file: str) -> list[dict[str, Any]]:
    from expectations.check import check_rows

    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS SELECT * FROM read_parquet({quote(file)})")
    verdict = check_rows(con, describe_mart(con, mart), "staged", utc_now())
    broken = [*verdict.blocking, *(f"{failed.rule}: {failed.reason}" for failed in verdict.failed_rules)]
    if broken:
        raise MartBroken(f"{mart.address} stays as it was: {'; '.join(broken)}")
    return [asdict(result) for result in verdict.results]


def spell_partition(mart: Mart, day: date | None) -> str:
    """What a publish of this partition replaces, as a SQL condition over the mart."""
    return "true" if mart.day is None else f"CAST({mart.day} AS DATE) = DATE {quote(str(day))}"


def spell_newer(mart: Mart, day: date | None, snapshot: int) -> str:
    """A query that finds a build of the same partition from newer inputs."""
    partition = f"DATE {quote(str(day))}" if day else "NULL"
    return f"""SELECT 1 FROM ledger.inputs WHERE table_name = {quote(mart.address)}
        AND day IS NOT DISTINCT FROM {partition} AND input_snapshot_id > {snapshot}"""
