"""Do twenty analysts at a time wait for loads, or for the lake?

Twenty threads ask through one analyst's engine, as `watershed serve` would, while another process publishes batch after
batch into a table that they ask. The same SQL on local Parquet by bare DuckDB, with the same batches beside it, says
what the lake itself costs.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from duckdb import DuckDBPyConnection

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import FIRST_DAY, Bench, empty_lake, generate_watch_logs, land_files, our_python
from benchmarks.measure import REPOSITORY, run_section
from watershed.settings import load_settings

ANALYSTS = 20
BATCH_ROWS = 1_000
LATER = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(days=400)  # what comes meanwhile changes no answer
TABLES = ("watch_minutes", "ratings")
QUERIES = (
    "SELECT film_id, count(*) AS minutes FROM core.watch_minutes WHERE watched_at < '{end}' GROUP BY film_id"
    " ORDER BY minutes DESC, film_id LIMIT 10",
    "SELECT hour(watched_at) AS hour, count(*), count(DISTINCT user_id) FROM core.watch_minutes"
    " WHERE watched_at < '{end}' GROUP BY hour ORDER BY hour",
    "SELECT film_id, round(avg(rating / rating_max), 6), count(*) AS ratings FROM core.ratings WHERE rated_at < '{end}'"
    " GROUP BY film_id ORDER BY ratings DESC, film_id LIMIT 10",
    "SELECT count(*) FROM core.watch_minutes WHERE watched_at >= '{begin}' AND watched_at < '{begin}'::DATE + 1",
    "SELECT film_id, count(*) AS minutes FROM core.watch_minutes JOIN core.ratings USING (user_id, film_id)"
    " WHERE watched_at < '{end}' AND rated_at < '{end}' GROUP BY film_id ORDER BY minutes DESC, film_id LIMIT 5",
)


def ask(bench: Bench) -> Answer:
    from watershed.warehouse.publish import prepare

    logs, _ = generate_watch_logs(bench, bench.lines // 2)
    seconds = str(40 if bench.lines >= 10_000_000 else 15)
    ours, bare = Measured("watershed, p50 of a question", 1), Measured("duckdb, local Parquet, p50", 1)
    parquet = bench.home.folder("twenty_analysts")
    with empty_lake(bench):
        prepare(load_settings())
        land_files("watch_logs", logs)
        subprocess.run(
            our_python("benchmarks.run_source", "watch_logs"), check=True, cwd=REPOSITORY, capture_output=True
        )
        copy_tables(parquet)
        published = 0
        for _ in range(bench.repeat):
            before = count_publishes()
            with publish_meanwhile():
                found = run_section(ours, our_python("benchmarks.twenty_analysts", "lake", seconds))
            published += count_publishes() - before
            with publish_meanwhile():
                told = run_section(bare, our_python("benchmarks.twenty_analysts", "parquet", seconds, str(parquet)))
            if found["answers"] != told["answers"]:
                raise ValueError("the lake and the Parquet files answer differently")
    return compare(ours, bare, published)


def compare(ours: Measured, bare: Measured, published: int) -> Answer:
    goals = [
        Goal("errors", sum(run["errors"] for run in ours.details), 0),
        Goal("p50, times that of bare DuckDB on local Parquet", ours.median / bare.median, 1.3),
        Goal("p95, times that of bare DuckDB", ours.find_median("p95") / bare.find_median("p95"), 1.3),
        Goal("batches published meanwhile", published, 1, at_least=True),
    ]
    figures = [f"{m.name.split(',')[0]}: p50 {m.median:.2f} s, p95 {m.find_median('p95'):.2f} s" for m in (ours, bare)]
    asked = sum(run["questions"] for run in ours.details)
    notes = [*figures, f"{ANALYSTS} threads, {asked:,} questions to the lake; {published} batches published meanwhile"]
    return Answer(f"{ANALYSTS} analysts at a time while loads publish", "questions", [ours, bare], goals, notes, per=1)


@contextmanager
def publish_meanwhile() -> Iterator[None]:
    """Another process publishes batches, one after the other, until it is stopped."""
    command = our_python("benchmarks.twenty_analysts", "publish")
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the first batch is there
        yield
        process.kill()


def publish_batches() -> None:
    from sample.layers import publish_viewings

    for number in itertools.count():
        viewings = [(LATER + timedelta(seconds=second), second, "a film") for second in range(BATCH_ROWS)]
        publish_viewings("core.watch_minutes", f"raw/watch_events/{os.getpid()}-{number}", viewings)
        print(number, flush=True)


def copy_tables(folder: Path) -> None:
    """The rows as Parquet files of the local disk, written as the lake's are."""
    from watershed.warehouse.connection import connect

    for table in TABLES:
        connect(read_only=True).execute(f"COPY (FROM core.{table}) TO '{folder / table}.parquet' (FORMAT parquet)")


def count_publishes() -> int:
    from watershed.warehouse.connection import connect

    [(count,)] = connect(read_only=True).execute("SELECT count(*) FROM ledger.publishes").fetchall()
    return int(count)


def ask_lake(seconds: str) -> dict[str, Any]:
    from watershed.serving.analyst import connect_analyst

    return ask_together(connect_analyst, float(seconds))


def ask_parquet(seconds: str, folder: str) -> dict[str, Any]:
    import duckdb

    con = duckdb.connect(config={"memory_limit": "1GB"})
    con.execute("CREATE SCHEMA core")
    for table in TABLES:
        con.execute(f"CREATE VIEW core.{table} AS FROM '{Path(folder) / table}.parquet'")
    return ask_together(con.cursor, float(seconds))


def ask_together(connect: Callable[[], DuckDBPyConnection], seconds: float) -> dict[str, Any]:
    """All analysts ask at the same time, each the queries in turn, beginning at another one, once all was read once."""
    con = connect()
    answers = [[list(map(str, row)) for row in con.execute(query).fetchall()] for query in list_queries()]
    ends_at = time.perf_counter() + seconds
    with ThreadPoolExecutor(ANALYSTS) as pool:
        asked = list(pool.map(lambda analyst: ask_in_turn(connect(), analyst, ends_at), range(ANALYSTS)))
    taken = [s for latencies, _ in asked for s in latencies]
    figures = {"seconds": median(taken), "p95": quantiles(taken, n=20)[-1], "questions": len(taken)}
    return figures | {"errors": sum(failed for _, failed in asked), "answers": answers}


def ask_in_turn(con: DuckDBPyConnection, analyst: int, ends_at: float) -> tuple[list[float], int]:
    """How long each question took, and how many failed."""
    queries, latencies, failed = list_queries(), [], 0
    while (began := time.perf_counter()) < ends_at:
        try:
            con.execute(queries[(analyst + len(latencies)) % len(queries)]).fetchall()
        except Exception as error:
            print(error, file=sys.stderr)
            failed += 1
        latencies.append(time.perf_counter() - began)
    return latencies, failed


def list_queries() -> list[str]:
    return [query.format(begin=FIRST_DAY, end=LATER) for query in QUERIES]


SECTIONS = {"lake": ask_lake, "parquet": ask_parquet, "publish": publish_batches}

if __name__ == "__main__":
    print(json.dumps(SECTIONS[sys.argv[1]](*sys.argv[2:])))  # type: ignore[operator]
