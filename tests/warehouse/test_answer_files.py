"""Answers become files a few rows at a time, however the Parquet file by way of which they go keeps its values."""

import io
import json
from pathlib import Path

import duckdb
import pytest

from watershed.serving.answer_files import AT_ONCE, FEWEST, MOST, Spool, read_fields, write_json
from watershed.serving.answers import open_answer
from watershed.warehouse.spelling import as_text_sql

LARGE = 200_000  # characters


@pytest.mark.parametrize(
    ("value", "most"),
    [
        (f"repeat('x', {LARGE})", AT_ONCE // LARGE),  # one value, kept once
        (f"repeat(chr(97 + (range % 7)::INTEGER), {LARGE})", AT_ONCE // LARGE),
        (f"repeat('x', {LARGE}) || range", AT_ONCE // LARGE),  # each kept by itself
        ("range % 7", MOST),
        ("range", MOST),
    ],
)
def test_a_few_rows_at_a_time(value: str, most: int, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.parquet")
    with duckdb.connect() as con:
        rows = spool.copy(open_answer(con, f"SELECT {value} AS x FROM range(600)"), as_text_sql)
    batches = [len(fields[0]) for fields in read_fields(spool.path)]
    assert sum(batches) == rows == 600
    assert max(batches) <= max(FEWEST, most)


def test_columns_may_hold_nulls_alone(tmp_path: Path) -> None:
    kinds = ("VARCHAR", "TIMESTAMP", "DATE", "BLOB", "JSON", "DOUBLE", "INTEGER", "DECIMAL(5,2)", "BOOLEAN", "UUID[]")
    query = f"SELECT {', '.join(f'NULL::{kind} AS c{n}' for n, kind in enumerate(kinds))}, 'x' AS x FROM range(2)"
    with duckdb.connect() as con:
        rows = write_json(open_answer(con, query), file := io.BytesIO(), Spool(tmp_path / "spool.parquet"))
    assert json.loads(file.getvalue()) == [{f"c{n}": None for n in range(len(kinds))} | {"x": "x"}] * rows
