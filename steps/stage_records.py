"""Staging of records, which are lines or documents: slice by slice through each table's transform.

A slice is some 64 MB of text in Arrow, of one large object or many small ones. Memory is bounded by the slices in
flight, whatever the size of an object. One slice makes at most one Parquet file a table.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import Any
from uuid import uuid4

import pyarrow as pa
from duckdb import DuckDBPyConnection

from contracts import tables_of
from contracts.settings import load_settings
from contracts.table import Source, Table
from lake.store import Store, spell_side_key, spell_table_key
from sources.document_fields import find_leaf_fields
from warehouse.connection import open_engine
from warehouse.ddl import spell_type

SLICES_IN_FLIGHT = 2  # one being written to S3 while the next is parsed


@dataclass(frozen=True)
class Plan:
    """The SQL that a table runs over every slice, compiled once from its Ibis transform."""

    table: Table
    parse: str
    is_home: bool


@dataclass(frozen=True)
class StagedSlice:
    """What became of one slice in one table. `tallies` counts by raw object."""

    table: str
    file: str | None
    rejects: str | None
    tallies: dict[str, dict[str, int]]


def stage(source: Source, keys: list[str], run_id: str, store: Store) -> dict[str, Any]:
    """Returns the manifest: per table its files, its files of rejected records and its tallies; and refused objects."""
    reader = import_module(f"sources.{source.kind}")
    plans = [compile_plan(source, table, reader.SCHEMA) for table in tables_of(source)]
    tally = compile_tally(source, reader.SCHEMA)
    refused: dict[str, str] = {}
    con = open_engine(load_settings())
    tables: dict[str, Any] = {
        p.table.name: {"files": [], "rejects": [], "tallies": {k: {} for k in keys}} for p in plans
    }
    fields: dict[str, dict[str, str]] = {}
    slices = reader.read(store, keys, refused)
    if source.kind == "documents":
        slices = note_fields(slices, fields)
    for staged in run_ahead(con, plans, tally, slices, run_id, store):
        table = tables[staged.table]
        table["files"] += [staged.file] if staged.file else []
        table["rejects"] += [staged.rejects] if staged.rejects else []
        add_tallies(table["tallies"], staged.tallies)
    return {"tables": tables, "refused": refused, "fields": fields}


def note_fields(slices: Iterator[pa.Table], fields: dict[str, dict[str, str]]) -> Iterator[pa.Table]:
    """Collect every field of the documents that pass, so that the publish can tell which are new or have changed."""
    for records in slices:
        find_leaf_fields(records, fields)
        yield records


def compile_plan(source: Source, table: Table, schema: pa.Schema) -> Plan:
    """Blank lines are filtered, unreadable ones are the home table's to quarantine; the transform sees the rest."""
    import ibis

    module = import_module(f"transforms.{table.name}")
    records = open_records(schema)
    mine = is_text(records) & claim_records(source, table, records)
    parsed = getattr(module, f"from_{source.name}")(records.filter(mine))
    return Plan(table, ibis.to_sql(parsed, dialect="duckdb"), source in table.home_of)


def compile_tally(source: Source, schema: pa.Schema) -> str:
    """Counts by raw object, asked apart from any transform, so that the books show what a transform loses: records
    read, unreadable and blank ones, and how many each table claims, the home table aside, which has all the rest."""
    import ibis

    records = open_records(schema)
    claims = {
        table.name: records.count(where=is_text(records) & claim_records(source, table, records))
        for table in tables_of(source)
        if source not in table.home_of
    }
    tally = records.group_by("raw_object").agg(
        read=records.count(),
        unread=records.count(where=records.problem.notnull()),
        blank=records.count(where=records.problem.isnull() & is_blank(records)),
        **claims,
    )
    return str(ibis.to_sql(tally, dialect="duckdb"))


def open_records(schema: pa.Schema) -> Any:
    import ibis

    return ibis.table(ibis.Schema.from_pyarrow(decode_dictionaries(schema)), name="records")


def is_text(records: Any) -> Any:
    return records.problem.isnull() & ~is_blank(records)


def is_blank(records: Any) -> Any:
    import ibis

    return ibis.ifelse(records.line >= "!", False, records.line.strip() == "")  # a CASE: `and` would strip every line


def claim_records(source: Source, table: Table, records: Any) -> Any:
    """Which records are the table's. The home table's are those that no other table of the source claims."""
    import ibis

    others = [t for t in tables_of(source) if source not in t.home_of]
    claims = {t.name: import_module(f"transforms.{t.name}").claims(records) for t in others}
    if source not in table.home_of:
        return claims[table.name]
    return reduce(lambda rest, claimed: rest & ~claimed, claims.values(), ibis.literal(True))


def decode_dictionaries(schema: pa.Schema) -> pa.Schema:
    """A dictionary is how Arrow holds a column, not what is in it."""
    return pa.schema([(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema])


def run_ahead(
    con: DuckDBPyConnection, plans: list[Plan], tally: str, slices: Iterator[pa.Table], run_id: str, store: Store
) -> Iterator[StagedSlice]:
    """Stage slices in worker threads while the next ones are read, never more than a few at a time."""
    with ThreadPoolExecutor(SLICES_IN_FLIGHT) as workers:
        running: set[Future[list[StagedSlice]]] = set()
        for records in slices:
            if len(running) >= SLICES_IN_FLIGHT:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (staged for future in done for staged in future.result())
            running.add(workers.submit(stage_slice, con.cursor(), plans, tally, records, run_id, store))
        yield from (staged for future in running for staged in future.result())


def stage_slice(
    con: DuckDBPyConnection, plans: list[Plan], tally: str, records: pa.Table, run_id: str, store: Store
) -> list[StagedSlice]:
    con.register("records", records)
    try:
        counted = con.execute(tally)
        names = [column[0] for column in counted.description or ()]
        counts = {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in counted.fetchall()}
        return [stage_table_slice(con, plan, counts, f"{run_id}-{uuid4().hex[:12]}", store) for plan in plans]
    finally:
        con.close()


def stage_table_slice(
    con: DuckDBPyConnection, plan: Plan, counts: dict[str, dict[str, int]], name: str, store: Store
) -> StagedSlice:
    """Parse, write the good rows and the rejected ones, count both. The name is new each time: a published file
    must never be overwritten by a rerun of its step."""
    kept = "* REPLACE (CASE WHEN problem IS NOT NULL THEN line END AS line)"  # a good row's text is not needed again
    con.execute(f"CREATE OR REPLACE TEMP TABLE parsed AS SELECT {kept} FROM ({plan.parse})")
    duplicate = "is_duplicate" if has_column(con, "parsed", "is_duplicate") else "false"
    counted = con.execute(
        f"""SELECT raw_object, count(*) FILTER (problem IS NULL AND NOT {duplicate}),
                   count(*) FILTER (problem IS NOT NULL), count(*) FILTER (problem IS NULL AND {duplicate})
            FROM parsed GROUP BY raw_object"""
    ).fetchall()
    tallies = {raw_object: open_tally(plan, count) for raw_object, count in counts.items()}
    for raw_object, written, rejected, duplicates in counted:
        tally = tallies[raw_object]
        tally["written"], tally["deduplicated"] = written, duplicates
        tally["rejected"] += rejected
    file = rejects = None
    if any(t["written"] for t in tallies.values()):
        file = store.address(spell_table_key(plan.table.address, name))
        columns = ", ".join(f'CAST("{c.name}" AS {spell_type(c.type)}) AS "{c.name}"' for c in plan.table.all_columns)
        con.execute(f"COPY (SELECT {columns} FROM parsed WHERE problem IS NULL AND NOT {duplicate}) TO '{file}'")
    if any(t["rejected"] for t in tallies.values()):
        rejects = store.address(spell_side_key(name.rpartition("-")[0], f"rejects-{plan.table.name}-{name[-12:]}"))
        unread = "FROM records WHERE problem IS NOT NULL" if plan.is_home else "FROM records WHERE false"
        con.execute(
            f"""COPY (SELECT raw_object, raw_line, problem, line FROM parsed WHERE problem IS NOT NULL
                UNION ALL SELECT raw_object, raw_line, problem, line {unread}) TO '{rejects}' (FORMAT parquet)"""
        )
    return StagedSlice(plan.table.name, file, rejects, tallies)


def open_tally(plan: Plan, count: dict[str, int]) -> dict[str, int]:
    """A table's books of one raw object before its transform: what it does not get is filtered."""
    read, unread, blank = count["read"], count["unread"], count["blank"]
    others = sum(count.values()) - read - unread - blank
    filtered = blank + others if plan.is_home else read - count[plan.table.name]
    rejected = unread if plan.is_home else 0
    return {"read": read, "filtered": filtered, "rejected": rejected, "deduplicated": 0, "written": 0}


def has_column(con: DuckDBPyConnection, relation: str, column: str) -> bool:
    return column in {row[0] for row in con.execute(f"DESCRIBE {relation}").fetchall()}


def add_tallies(total: dict[str, dict[str, int]], more: dict[str, dict[str, int]]) -> None:
    for raw_object, tally in more.items():
        own = total[raw_object]
        for what, count in tally.items():
            own[what] = own.get(what, 0) + count
