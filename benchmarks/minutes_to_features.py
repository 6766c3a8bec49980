"""How long from 50 million minutes of film watched to what the recommender learns from, and in how much memory?"""

import json
import sys
import time

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, our_python
from benchmarks.measure import run_section
from watershed.settings import load_settings

PIECE = 5_000_000
VIEWING = 40  # minutes in a row, on average
USERS_A_MILLION = 2_000
FILMS = 10_000
# Viewings of 40 minutes: who and what follow from the viewing's number, films by about Zipf's law. As in a log, rows
# are in order of time, so that those of a viewing do not lie together.
MINUTES = f"""
    WITH minutes AS (
        SELECT range AS line, range // {VIEWING} AS viewing, (range % {VIEWING})::INTEGER AS minute
        FROM range($first, $last)
    )
    SELECT TIMESTAMP '2024-03-04' + to_minutes((viewing * 7919) % 129600 + minute) AS watched_at,
           (hash(viewing) % $users)::BIGINT + 1 AS user_id,
           'film-' || lpad(floor({FILMS} ** ((hash(viewing, 'film') % 1000000) / 1e6))::VARCHAR, 5, '0') AS film_id,
           minute,
           NULL::VARCHAR AS event_id,
           'raw/watch_logs/generated' AS raw_object,
           line AS raw_line
    FROM minutes
    ORDER BY watched_at
"""


def ask(bench: Bench) -> Answer:
    from watershed.warehouse.publish import prepare

    count = bench.lines * 5
    ours = Measured(f"watershed, {count:,} minutes", count)
    with empty_lake(bench):
        prepare(load_settings())
        fill_table(count)
        for _ in range(bench.repeat):
            run_section(ours, our_python("benchmarks.minutes_to_features"))
    found = ours.details[-1]
    notes = [f"{found['rows']:,} interactions; DuckDB may use {load_settings().duckdb_memory} and spills beyond that"]
    return Answer(
        "Minutes watched to features", "minutes", [ours], [Goal("peak memory in MB", max(ours.peak_mb), 3000)], notes
    )


def fill_table(count: int) -> None:
    """Write the table's files, as a publish would."""
    from uuid import uuid4

    from watershed.lake.store import open_store, table_key
    from watershed.warehouse.connection import connect, quote
    from watershed.warehouse.schema.copying import add_files

    con = connect()
    users = str(max(100, count // 1_000_000 * USERS_A_MILLION))
    for first in range(0, count, PIECE):
        query = MINUTES.replace("$first", str(first)).replace("$last", str(min(count, first + PIECE)))
        file = open_store().address(table_key("core.watch_minutes", uuid4().hex))
        con.execute(f"COPY ({query.replace('$users', users)}) TO {quote(file)} (FORMAT parquet)")
        add_files(con, "core.watch_minutes", (file,))


def main() -> dict[str, object]:
    from models.recommender import MODEL
    from watershed.lake.store import open_store, side_key
    from watershed.warehouse.connection import connect

    con, address = connect(), open_store().address(side_key("bench", "features"))
    began = time.perf_counter()
    rows = MODEL.write_features(con, address)
    return {"seconds": time.perf_counter() - began, "rows": rows}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
