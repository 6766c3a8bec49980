"""Staging of records, which are lines or documents: slice by slice through each table's transform.

A slice is some 64 MB of text in Arrow, of one large object or many small ones. Memory is bounded by the slices in
flight, whatever the size of an object. One slice makes at most two Parquet files a table: good rows, and suspects.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import import_module
from uuid import uuid4

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations.column_types import type_sql
from watershed.declarations.table import Stream
from watershed.flows.begun import Run
from watershed.flows.ingest.failing_rows import DATA_ERRORS, reject_failing
from watershed.flows.ingest.find_duplicates import mark_duplicates, measure_lateness
from watershed.flows.ingest.plan_records import Sorting, StagingPlan, compile_plan, compile_sorting
from watershed.flows.landed import Landed
from watershed.flows.staged import Lateness, Staged, StagedTable, Tally
from watershed.lake.store import Store, side_key, table_key
from watershed.sources.json.fields import find_leaf_fields
from watershed.warehouse.connection import connect
from watershed.warehouse.schema.copying import read_columns
from watershed.warehouse.schema.evolution import name_column, select_column

SLICES_IN_FLIGHT = 2  # one being written to S3 while the next is parsed


@dataclass(frozen=True)
class StagingRun:
    """What the slices of a run share: the raw objects that it takes, and by table the files that it has staged."""

    run_id: str
    store: Store
    objects: list[str]
    files: dict[str, list[str]]


@dataclass(frozen=True)
class StagedSlice:
    """What became of one slice in one table. `files`: good rows, and apart those that a rule is going to take out.
    `tallies` counts by raw object; `untold_count`, the events of which nobody knows whether they are copies."""

    table: str
    files: list[str]
    rejects: str | None
    tallies: dict[str, Tally]
    lateness: Lateness | None
    untold_count: int


def stage_records(run: Run, landed: Landed) -> Staged:
    source, keys = run.source, landed.objects
    reader = import_module(f"watershed.sources.{source.kind}")
    con = connect()
    existing = read_columns(con)
    plans = [compile_plan(source, table, existing) for table in landed.tables]
    refused: dict[str, str] = {}
    tables = {plan.table.name: StagedTable(tallies=dict.fromkeys(keys, Tally())) for plan in plans}
    fields: dict[str, dict[str, str]] = {}
    slices = reader.read(run.store, keys, refused)
    if source.kind == "documents":
        slices = note_fields(slices, fields)
    staging = StagingRun(run.id, run.store, keys, {name: table.files for name, table in tables.items()})
    in_flight = 1 if isinstance(source, Stream) else SLICES_IN_FLIGHT  # a duplicate may be in the slice before
    for staged in run_ahead(con, plans, compile_sorting(source), slices, staging, in_flight):
        tables[staged.table] = add_slice(tables[staged.table], staged)
        staging.files[staged.table] = tables[staged.table].files
    return Staged(tables, refused, fields)


def add_slice(table: StagedTable, staged: StagedSlice) -> StagedTable:
    return replace(
        table,
        files=[*table.files, *staged.files],
        rejects=[*table.rejects, *([staged.rejects] if staged.rejects else [])],
        tallies=table.tallies | {key: table.tallies[key] + more for key, more in staged.tallies.items()},
        lateness=[*table.lateness, *([staged.lateness] if staged.lateness else [])],
        untold=table.untold + staged.untold_count,
    )


def note_fields(slices: Iterator[pa.Table], fields: dict[str, dict[str, str]]) -> Iterator[pa.Table]:
    """Collect every field of the documents that pass, so that the publish can tell which are new or have changed."""
    for records in slices:
        find_leaf_fields(records, fields)
        yield records


def run_ahead(
    con: DuckDBPyConnection,
    plans: list[StagingPlan],
    sorting: Sorting,
    slices: Iterator[pa.Table],
    run: StagingRun,
    in_flight: int,
) -> Iterator[StagedSlice]:
    """Stage slices in worker threads while the next ones are read, never more than a few at a time."""
    with ThreadPoolExecutor(in_flight) as workers:
        running: set[Future[list[StagedSlice]]] = set()
        for records in slices:
            if len(running) >= in_flight:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (staged for future in done for staged in future.result())
            running.add(workers.submit(stage_slice, con.cursor(), plans, sorting, records, run))
        yield from (staged for future in running for staged in future.result())


def stage_slice(
    con: DuckDBPyConnection, plans: list[StagingPlan], sorting: Sorting, records: pa.Table, run: StagingRun
) -> list[StagedSlice]:
    """The records in all tables; those that a transform fails for become bad records."""
    with closing(con):
        try:
            return stage_tables(con, plans, sorting, records, run)
        except DATA_ERRORS:
            return stage_tables(con, plans, sorting, reject_failing(con, plans, sorting, records), run)


def stage_tables(
    con: DuckDBPyConnection, plans: list[StagingPlan], sorting: Sorting, records: pa.Table, run: StagingRun
) -> list[StagedSlice]:
    con.register("records", records)
    con.execute(f"CREATE OR REPLACE TEMP TABLE claimed AS {sorting.claim}")
    counts = fetch_counts(con, sorting.read)
    for raw_object, claimed in (fetch_counts(con, sorting.claimed) if sorting.claimed else {}).items():
        counts[raw_object] |= claimed
    return [stage_table_slice(con, plan, counts, run) for plan in plans]


def fetch_counts(con: DuckDBPyConnection, query: str) -> dict[str, dict[str, int]]:
    """Of a query whose first column is the raw object, the counts in the others by their names."""
    counted = con.execute(query)
    names = [column[0] for column in counted.description or ()]
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in counted.fetchall()}


def stage_table_slice(
    con: DuckDBPyConnection, plan: StagingPlan, counts: dict[str, dict[str, int]], run: StagingRun
) -> StagedSlice:
    """Parse, write the good rows and the rejected ones, count both. The name is new each time: a published file
    must never be overwritten by a rerun of its step."""
    name, store = f"{run.run_id}-{uuid4().hex[:12]}", run.store
    kept = "* REPLACE (CASE WHEN problem IS NOT NULL THEN line END AS line)"  # a good row's text is not needed again
    con.execute(f"CREATE OR REPLACE TEMP TABLE parsed AS SELECT {kept} FROM ({plan.parse})")
    untold = 0
    if isinstance(plan.source, Stream):
        untold = mark_duplicates(con, plan.source, plan.table, run.objects, run.files[plan.table.name])
    duplicate = "is_duplicate" if has_column(con, "parsed", "is_duplicate") else "false"
    counted = con.execute(
        f"""SELECT raw_object, count(*) FILTER (problem IS NULL AND NOT {duplicate}),
                   count(*) FILTER (problem IS NOT NULL), count(*) FILTER (problem IS NULL AND {duplicate})
            FROM parsed GROUP BY raw_object"""
    ).fetchall()
    tallies = {raw_object: open_tally(plan, count) for raw_object, count in counts.items()}
    for raw_object, written, rejected, duplicates in counted:
        tallies[raw_object] += Tally(rejected=rejected, deduplicated=duplicates, written=written)
    rejects = None
    if any(tally.rejected for tally in tallies.values()):
        rejects = store.address(side_key(name.rpartition("-")[0], f"rejects-{plan.table.name}-{name[-12:]}"))
        unread = "FROM records WHERE problem IS NOT NULL" if plan.is_home else "FROM records WHERE false"
        con.execute(
            f"""COPY (SELECT raw_object, raw_line, problem, line FROM parsed WHERE problem IS NOT NULL
                UNION ALL SELECT raw_object, raw_line, problem, line {unread}) TO '{rejects}' (FORMAT parquet)"""
        )
    lateness = measure_lateness(con, plan.table) if isinstance(plan.source, Stream) else None
    files = write_rows(con, plan, duplicate, name, store)
    return StagedSlice(plan.table.name, files, rejects, tallies, lateness, untold)


def write_rows(con: DuckDBPyConnection, plan: StagingPlan, duplicate: str, name: str, store: Store) -> list[str]:
    """One file of good rows, and one of the few that look bad: a check that takes rows out of a file rewrites it."""
    columns = ", ".join(list_column_sql(plan))
    files = []
    # By place, in a query of its own: the rules may join other tables, and only see the columns that they ask for.
    con.execute(f"CREATE OR REPLACE TEMP TABLE suspects AS SELECT rowid AS place FROM parsed WHERE {plan.suspicion}")
    for suffix, condition in (("", "rowid NOT IN (FROM suspects)"), ("-suspects", "rowid IN (FROM suspects)")):
        file = store.address(table_key(plan.table.address, f"{name}{suffix}"))
        rows = f"FROM parsed WHERE problem IS NULL AND NOT {duplicate} AND {condition}"
        if con.execute(f"SELECT 1 {rows} LIMIT 1").fetchone():
            con.execute(f"COPY (SELECT {columns} {rows}) TO '{file}' (FORMAT parquet)")
            files.append(file)
    return files


def list_column_sql(plan: StagingPlan) -> Iterator[str]:
    """All columns of the table: the contract's, and nulls for those that were retired."""
    for column in plan.table.all_columns:
        yield f"CAST({name_column(column.name)} AS {type_sql(column.type)}) AS {name_column(column.name)}"
    for field in plan.retired:
        yield select_column(field, None)


def open_tally(plan: StagingPlan, count: dict[str, int]) -> Tally:
    """A table's books of one raw object before its transform: what it does not get is filtered."""
    read, unread, blank = count["read"], count["unread"], count["blank"]
    others = sum(count.values()) - read - unread - blank
    filtered = blank + others if plan.is_home else read - count.get(plan.table.name, 0)
    rejected = unread if plan.is_home else 0
    return Tally(read=read, filtered=filtered, rejected=rejected)


def has_column(con: DuckDBPyConnection, relation: str, column: str) -> bool:
    return column in {row[0] for row in con.execute(f"DESCRIBE {relation}").fetchall()}
