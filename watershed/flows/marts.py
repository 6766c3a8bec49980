"""Marts: the same protocol for tables made of tables. Stage from one snapshot, check, publish the partition."""

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from uuid import uuid4

import duckdb
from duckdb import DuckDBPyConnection

from watershed.errors import InvalidInput
from watershed.flows.ingest.announce import publish
from watershed.lake.store import open_store, table_key
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.ledger.rows import CheckRow, InputRow
from watershed.warehouse.publication import LedgerRows
from watershed.warehouse.publish import Overtaken, Publication, TablePart, read_snapshot, transact
from watershed.warehouse.schema.ddl import describe_mart
from watershed.warehouse.schema.marts import Mart, MartBroken, find_mart, list_marts
from watershed.warehouse.staleness import find_stale_days, is_stale, list_stale_days


class MartsFailed(InvalidInput):
    """Marts that could not be built, a sentence each. `built`: the days, or `whole`, that were, by mart."""

    def __init__(self, failures: list[str], built: dict[str, list[str]]) -> None:
        super().__init__("; ".join(failures))
        self.built = built


@dataclass(frozen=True)
class BuiltPartition:
    """A partition that was built: its rows, the snapshot that it made and the one that it was computed from. `day`
    (ISO): None where the mart is built whole."""

    rows: int
    snapshot: int
    input_snapshot: int
    day: str | None


@dataclass(frozen=True)
class BuiltMart:
    """What was built of a mart: rows of how many partitions, and the snapshot of the last of them."""

    rows: int
    days: int
    snapshot: int


class Building:
    """One mart after the other. One that fails, or a day of it, is no reason for others not to be built, unless they
    read it; what failed is told in the end.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.built: dict[str, list[BuiltPartition]] = {}
        self.failed: dict[str, dict[date | None, str]] = {}

    def build_days(self, mart: Mart, days: Iterable[date | None]) -> None:
        """Raises only where a server is away, which concerns every mart."""
        for day in days:
            try:
                self.refuse_unbuilt(mart, day)
                if (made := build_partition(mart, self.run_id, day, force=True)) is not None:
                    self.built.setdefault(mart.name, []).append(made)
            except Exception as error:
                if is_away(error):
                    raise
                self.failed.setdefault(mart.address, {})[day] = str(error)

    def refuse_unbuilt(self, mart: Mart, day: date | None) -> None:
        """Raises MartBroken where the mart reads one that this run could not build, of the same day where both have
        days: it would be up to date with what is not."""
        for address in mart.reads:
            unbuilt = self.failed.get(address, {})
            if unbuilt and (day is None or day in unbuilt or None in unbuilt):
                raise MartBroken(f"{mart.address} stays as it was: it reads {address}, which was not built")

    def finish(self) -> dict[str, list[BuiltPartition]]:
        """What was built. Raises MartsFailed."""
        if self.failed:
            sentences = [f"{format_days(days)}{next(iter(days.values()))}" for days in self.failed.values()]
            raise MartsFailed(sentences, list_built(self.built))
        return self.built


def format_days(failed: dict[date | None, str]) -> str:
    """Which days the sentence of the first one stands for, where there are several."""
    if len(failed) == 1:
        return ""
    named = ", ".join(str(day) for day in list(failed)[:3])
    return f"{len(failed)} days ({named}{', ...' if len(failed) > 3 else ''}): "


def is_away(error: Exception) -> bool:
    """Whether a server does not answer. One that answers with an error, for a file that is gone, is there."""
    return isinstance(error, ConnectionError | duckdb.IOException) and not isinstance(error, duckdb.HTTPException)


def build_stale_marts(run_id: str, first: date | None = None, last: date | None = None) -> dict[str, list[str]]:
    """Build every mart where it is stale; with dates, these days whether stale or not. Returns what was built.

    Raises MartsFailed when all others are built.
    """
    building = Building(run_id)
    if first is not None:
        for mart in list_marts():
            with closing(connect()) as con:
                days = list_days(con, mart, first, last or first)
            building.build_days(mart, days)
    else:
        build_wherever_stale(building)
    return list_built(building.finish())


def build_wherever_stale(building: Building) -> None:
    """All marts in one question, and again after each that was built, which those that follow may read."""
    stale, built = {}, -1
    for mart in list_marts():
        if built != len(building.built):
            built = len(building.built)
            with closing(connect()) as con:
                stale = list_stale_days(con, list_marts())
        building.build_days(mart, stale.get(mart.address, []))


def list_built(built: dict[str, list[BuiltPartition]]) -> dict[str, list[str]]:
    """The days that were built, by mart."""
    return {name: [one.day or "whole" for one in made] for name, made in built.items()}


def build_stale_mart(mart_name: str, run_id: str, force: bool = False) -> BuiltMart | None:
    """Build one mart wherever it is stale, with `force` everywhere. Returns None when there was nothing to build.

    Raises MartsFailed when the other days are built.
    """
    mart = find_mart(mart_name)
    with closing(connect(read_only=True)) as con:
        days = list_days(con, mart, date.min, date.max) if force else find_stale_days(con, mart)
    building = Building(run_id)
    building.build_days(mart, days)
    made = building.finish().get(mart.name, [])
    return BuiltMart(sum(one.rows for one in made), len(made), made[-1].snapshot) if made else None


def list_days(con: DuckDBPyConnection, mart: Mart, first: date, last: date) -> list[date | None]:
    if mart.day is None:
        return [None]
    query = (
        "SELECT DISTINCT day FROM ledger.days WHERE list_contains(?, table_name) AND day BETWEEN ? AND ? ORDER BY day"
    )
    return [row[0] for row in con.execute(query, [list(mart.inputs), first, last]).fetchall()]


def build_mart(mart_name: str, run_id: str, day: date | None, force: bool = False) -> BuiltPartition | None:
    return build_partition(find_mart(mart_name), run_id, day, force)


def build_partition(mart: Mart, run_id: str, day: date | None, force: bool = False) -> BuiltPartition | None:
    """Build one partition of a mart (its whole, where it has none). Returns None when its inputs are unchanged.

    Raises MartBroken when query and header disagree, when the query fails, or when the result breaks a blocking rule.
    """
    day = day if mart.day else None
    try:
        with closing(connect()) as con, transact(con):  # one transaction: all inputs as of one snapshot
            if not force and not is_stale(con, mart, day):
                return None
            snapshot = read_snapshot(con)
            publication = make_publication(con, mart, day, run_id, snapshot)
        made = publish(publication)
    except Overtaken:  # a run beside this one was there first, with newer inputs
        return None
    except duckdb.Error as error:
        if is_away(error):
            raise
        raise MartBroken(explain_failure(mart, day, error)) from error
    return BuiltPartition(publication.rows_made, made, snapshot, str(day) if day else None)


def make_publication(con: DuckDBPyConnection, mart: Mart, day: date | None, run_id: str, snapshot: int) -> Publication:
    """The partition staged and checked."""
    began = time.monotonic()
    file, rows = stage_mart(con, mart, day, run_id)
    staged = time.monotonic()
    checks = check_mart(con, mart, file) if rows else []
    checked = time.monotonic()
    return Publication(
        run_id=run_id,
        subject=mart.address,
        actor=mart.owner,
        parts=(TablePart(mart.address, (file,) if rows else (), replaced=format_partition(mart, day)),),
        rows=LedgerRows(
            inputs=[InputRow(mart.address, day, snapshot)],
            checks=checks,
        ),
        timings={"stage": round((staged - began) * 1000), "check": round((checked - staged) * 1000)},
        rows_made=rows,
        overtaken=newer_sql(mart, day, snapshot),
    )


def explain_failure(mart: Mart, day: date | None, error: duckdb.Error) -> str:
    of_day = f" of {day}" if day else ""
    reason = str(error).strip().splitlines()[0]
    return (
        f"{mart.address}{of_day} stays as it was, since its query fails: {reason.rstrip('.')}: "
        f"mend warehouse/marts/{mart.name}.sql, or the rows that it reads"
    )


def stage_mart(con: DuckDBPyConnection, mart: Mart, day: date | None, run_id: str) -> tuple[str, int]:
    """Write the query's result beside the mart's files. Returns its address and number of rows."""
    describe_mart(con, mart)
    if day is not None:
        con.execute(f"SET VARIABLE day = DATE {quote(str(day))}")
    file = open_store().address(table_key(mart.address, f"{run_id}-{uuid4().hex[:12]}"))
    written = con.execute(f"COPY (\n{mart.sql}\n) TO {quote(file)} (FORMAT parquet)").fetchone()
    return file, int(written[0]) if written else 0


def check_mart(con: DuckDBPyConnection, mart: Mart, file: str) -> list[CheckRow]:
    from watershed.quality.check import check_rows

    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS SELECT * FROM read_parquet({quote(file)})")
    verdict = check_rows(con, describe_mart(con, mart), "staged", utc_now())
    broken = [*verdict.blocking, *(f"{failed.rule}: {failed.reason}" for failed in verdict.failed_rules)]
    if broken:
        raise MartBroken(f"{mart.address} stays as it was: {'; '.join(broken)}")
    return [CheckRow(mart.address, **asdict(result)) for result in verdict.results]


def format_partition(mart: Mart, day: date | None) -> str:
    """What a publish of this partition replaces, as a SQL condition over the mart."""
    return "true" if mart.day is None else f"CAST({mart.day} AS DATE) = DATE {quote(str(day))}"


def newer_sql(mart: Mart, day: date | None, snapshot: int) -> str:
    """A query that finds a build of the same partition from newer inputs."""
    partition = f"DATE {quote(str(day))}" if day else "NULL"
    return f"""SELECT 1 FROM ledger.inputs WHERE table_name = {quote(mart.address)}
        AND day IS NOT DISTINCT FROM {partition} AND input_snapshot_id > {snapshot}"""
