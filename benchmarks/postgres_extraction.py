"""How long does it take to extract a PostgreSQL database into raw objects, beside `COPY TO` of the same tables?"""

import json
import sys
import time
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, our_python
from benchmarks.measure import run_section
from sample.apply_accounts import SCHEMA_FILE
from watershed.settings import load_settings, source_url

TABLES = ("users", "cameras", "photos")
FILL = """
    CREATE TEMP VIEW moments AS
    SELECT n, '2024-03-04'::timestamptz + n * interval '1 s' AS at FROM generate_series(1, {n}) n;
    INSERT INTO users
    SELECT n, 'user ' || n, 'user' || n || '@example.org', 'DE', at, at FROM moments WHERE n <= {n} / 10;
    INSERT INTO cameras SELECT n, n, 'Nokia', '808', at, at FROM moments WHERE n <= {n} / 10;
    INSERT INTO photos
    SELECT n, owner, owner, '/st/u' || owner || '/1U' || n || '.jpg', n, at, at
    FROM moments, LATERAL (SELECT 1 + n % ({n} / 10)) o(owner);
"""


def ask(bench: Bench) -> Answer:
    from watershed.warehouse.publish import prepare

    photos = bench.lines // 5
    rows = photos + 2 * (photos // 10)
    ours, copy = Measured("watershed, extraction to S3", rows), Measured("COPY TO, as text, to files", rows)
    for _ in range(bench.repeat):
        with empty_lake(bench):
            prepare(load_settings())
            with psycopg.connect(source_url("accounts"), autocommit=True) as connection:
                connection.execute(SCHEMA_FILE.read_text())
                connection.execute(FILL.format(n=photos))
                connection.execute("VACUUM ANALYZE")
            run_section(copy, our_python("benchmarks.postgres_extraction", "copy", str(bench.home.folder("copied"))))
            run_section(ours, our_python("benchmarks.postgres_extraction", "extract"))
    goals = [Goal("times COPY TO", ours.median / copy.median, 1.5)]
    return Answer("Extraction from PostgreSQL", "rows", [ours, copy], goals, ["three tables at one consistent point"])


def extract() -> dict[str, object]:
    from benchmarks.run_source import preload_modules
    from watershed.flows.begun import begin_run
    from watershed.flows.ingest.land import take_arrivals

    preload_modules()
    began = time.perf_counter()
    taken = take_arrivals(begin_run("accounts", f"bench-{uuid4().hex[:8]}", "benchmark"))
    return {"seconds": time.perf_counter() - began, **taken}


def copy_tables(folder: str) -> dict[str, object]:
    url = source_url("accounts")
    began, size = time.perf_counter(), 0
    with psycopg.connect(url) as connection:
        for table in TABLES:
            command = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
            with connection.cursor().copy(command) as rows, (Path(folder) / table).open("wb") as file:
                size += sum(file.write(piece) for piece in rows)
    return {"seconds": time.perf_counter() - began, "bytes": size}


SECTIONS = {"extract": extract, "copy": copy_tables}

if __name__ == "__main__":
    print(json.dumps(SECTIONS[sys.argv[1]](*sys.argv[2:]), default=str))  # type: ignore[operator]
