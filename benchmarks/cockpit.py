"""How fast does every page of the cockpit answer, with 200 tables, 10,000 partitions and 100,000 snapshots?

The lake's ledger and catalogue get the rows that so many publishes would have left; the tables themselves are empty,
since pages read the ledger and the catalogue. Pages are asked of the application itself, without Airflow's login.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median, quantiles
from typing import Any
from unittest import mock

import psycopg
from duckdb import DuckDBPyConnection

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, our_python
from benchmarks.measure import run_section
from watershed.declarations import find_table
from watershed.declarations.table import Table
from watershed.settings import load_settings
from watershed.warehouse.schema.marts import Mart, find_mart

TABLES, MARTS, DAYS, SNAPSHOTS = 150, 50, 50, 100_000
ASKED = 20  # times each page, one after the other
LIMIT_S = 0.3

LEDGER = f"""
    CREATE TEMP TABLE made AS
    SELECT range + 10 AS snapshot_id, range % {TABLES + MARTS} AS number, (range // {TABLES + MARTS}) % {DAYS} AS day,
           'run-' || range AS run_id, TIMESTAMP '2026-01-01' + INTERVAL 1 minute * range AS made_at
    FROM range({SNAPSHOTS});
    DELETE FROM made WHERE number = 7 AND day = 20;
    ALTER TABLE made ADD COLUMN address VARCHAR;
    UPDATE made SET address = CASE WHEN number < {TABLES} THEN format('core.facts_{{:03d}}s', number)
                                   ELSE format('mart.sums_{{:03d}}s', number - {TABLES}) END;
    INSERT INTO ledger.publishes BY NAME
    SELECT run_id, address AS subject, 'actor-' || number % 9 AS actor, snapshot_id, made_at AS published_at,
           1000 AS rows_read, 990 AS rows_written, 10 AS rows_quarantined, 0 AS rows_deduplicated, 0 AS rows_filtered,
           10 AS stage_ms, 10 AS check_ms FROM made;
    INSERT INTO ledger.books BY NAME
    SELECT run_id, snapshot_id, 'source_' || number AS source, address AS table_name,
           format('raw/source_{{}}/{{}}', number, day) AS raw_object, 'log-' || day AS object_name,
           9999 AS object_bytes, 'sha' AS sha256, made_at AS arrived_at, 1000 AS rows_read, 990 AS rows_written,
           10 AS rows_quarantined, 0 AS rows_deduplicated, 0 AS rows_filtered FROM made WHERE number < {TABLES};
    INSERT INTO ledger.days BY NAME
    SELECT run_id, snapshot_id, address AS table_name, format('raw/source_{{}}/{{}}', number, day) AS raw_object,
           DATE '2026-01-01' + day::INTEGER AS day, 990 AS row_count FROM made WHERE number < {TABLES};
    INSERT INTO ledger.inputs BY NAME
    SELECT run_id, snapshot_id, address AS table_name, DATE '2026-01-01' + day::INTEGER AS day,
           snapshot_id - 1 AS input_snapshot_id FROM made WHERE number >= {TABLES};
    INSERT INTO ledger.checks BY NAME
    SELECT run_id, snapshot_id, address AS table_name, 'rule_' || n AS rule, NULL AS column_name,
           'warning' AS severity, 1000 AS rows_evaluated, 0 AS rows_failed, true AS is_success, NULL AS reason
    FROM made, range(5) AS rules(n);
    INSERT INTO ledger.waits BY NAME
    SELECT run_id, snapshot_id, address AS subject, 3 AS wait_ms, 200 AS publish_ms FROM made;
"""
CATALOGUE = f"""
    INSERT INTO ducklake_snapshot
    SELECT newest.snapshot_id + n, newest.snapshot_time + n * interval '1 second', schema_version, next_catalog_id,
           next_file_id + {SNAPSHOTS}
    FROM generate_series(1, {SNAPSHOTS}) AS n,
         (SELECT * FROM ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1) AS newest;
    INSERT INTO ducklake_snapshot_changes
    SELECT snapshot_id, 'inserted_into_table:' || (snapshot_id % 200 + 100) || ',inlined_insert:3', 'actor-1',
           'publish', '{{}}'
    FROM ducklake_snapshot WHERE snapshot_id NOT IN (SELECT snapshot_id FROM ducklake_snapshot_changes);
    INSERT INTO ducklake_data_file (data_file_id, table_id, begin_snapshot, path, path_is_relative, file_format,
                                    record_count, file_size_bytes, footer_size, row_id_start)
    SELECT 1000000 + row_number() OVER (), table_id, 10, 'made/' || n, true, 'parquet', 990, 99000, 100, n
    FROM generate_series(1, {DAYS}) AS n, ducklake_table WHERE table_name ~ '^(facts|sums)_';
"""


def ask(bench: Bench) -> Answer:
    from watershed.warehouse.publish import prepare

    pages = Measured("a page, p50", 1)
    with empty_lake(bench):
        prepare(load_settings())
        fill_lake()
        for _ in range(bench.repeat):
            run_section(pages, our_python("benchmarks.cockpit"))
    return judge_pages(pages)


def judge_pages(pages: Measured) -> Answer:
    by_page = pages.details[-1]["pages"]
    slowest = max(by_page, key=lambda page: by_page[page]["p95"])
    notes = [f"{page}: p50 {own['p50'] * 1000:.0f} ms, p95 {own['p95'] * 1000:.0f} ms" for page, own in by_page.items()]
    notes.append(f"the first page of a process, which copies the ledger: {pages.find_median('first'):.1f} s")
    goal = Goal(f"p95 of the slowest page ({slowest}), s", by_page[slowest]["p95"], LIMIT_S)
    return Answer("the cockpit's pages with 100,000 snapshots", "pages", [pages], [goal], notes, per=1)


def fill_lake() -> None:
    """Tables, and what the publishes would have written about them."""
    from watershed.warehouse.connection import connect

    con = connect()
    con.begin()
    for table in make_tables():
        con.execute(f"CREATE TABLE {table.address} (happened_at TIMESTAMP, count BIGINT)")
    for mart in make_marts():
        con.execute(f"CREATE TABLE {mart.address} (happened_date DATE, count BIGINT)")
    execute_all(con, LEDGER)
    con.commit()
    with psycopg.connect(load_settings().catalog_url) as session:
        session.execute(CATALOGUE)


def execute_all(con: DuckDBPyConnection, statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            con.execute(statement)


def make_tables() -> list[Table]:
    like = find_table("requests")
    return [
        replace(like, name=f"facts_{n:03}s", sources=(replace(like.sources[0], name=f"source_{n}"),), home_of=())
        for n in range(TABLES)
    ]


def make_marts() -> list[Mart]:
    like = find_mart("top_pages")
    return [
        replace(like, name=f"sums_{n:03}s", address=f"mart.sums_{n:03}s", inputs=(f"core.facts_{n:03}s",))
        for n in range(MARTS)
    ]


def list_pages() -> Iterator[str]:
    yield from ("tables", "tables?q=facts_00&sort=rows&order=down", "tables?state=late&page=2", "attention")
    yield from ("tables/core.facts_007s", "tables/core.facts_007s/partitions/2026-01-05", "tables/mart.sums_003s")
    yield from ("tables/mart.sums_003s/partitions/2026-01-05", "snapshots", "snapshots?before=50000")
    yield from ("snapshots?table=core.facts_007s", "snapshots?author=actor-1", "dags/build_marts")
    yield from ("quarantine", "lineage", "sql", "health")


def measure_pages() -> dict[str, Any]:
    """Seconds of each page: median and p95, after one request that does not count."""
    from fastapi.testclient import TestClient

    from watershed.cockpit.app import make_app
    from watershed.cockpit.guards import Guards

    client = TestClient(make_app(Guards(lambda: "bench", lambda: "bench", lambda: "bench")))
    tables, marts = make_tables(), tuple(make_marts())
    with (
        mock.patch("watershed.cockpit.declared.list_tables", lambda: tables),
        mock.patch("watershed.cockpit.declared.list_marts", lambda: marts),
        mock.patch("watershed.cockpit.questions.tables.list_marts", lambda: marts),
    ):
        first = time_page(client, "tables")
        found = {page: [time_page(client, page) for _ in range(ASKED + 1)][1:] for page in list_pages()}
    pages = {page: {"p50": median(s), "p95": quantiles(s, n=20)[-1]} for page, s in found.items()}
    return {"seconds": median(s for own in found.values() for s in own), "first": first, "pages": pages}


def time_page(client: Any, page: str) -> float:
    began = time.perf_counter()
    answer = client.get(f"/{page}")
    if answer.status_code != 200:
        raise ValueError(f"{page} answered {answer.status_code}: {answer.text[-300:]}")
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_pages()) + "\n")
