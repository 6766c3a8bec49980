"""Lines of a source through the reader and the very SQL that staging runs, in a DuckDB of the test's own."""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from contracts import find_source, tables_of
from sources import logs
from sources.logs import Origin, split_records
from steps.stage_records import Plan, compile_plan

CASES = Path(__file__).parent / "cases"
DATA = Path(__file__).parent.parent / "data"
SAMPLE = Path(__file__).parent.parent.parent / "sample"
TRACE = ("raw_object", "line", "problem")


@dataclass(frozen=True)
class Staged:
    """`good` and `rejected` rows by table, in order; a rejected one as (line number, problem)."""

    records: pa.Table
    good: dict[str, list[dict[str, Any]]]
    rejected: dict[str, list[tuple[int, str]]]


@cache
def compile_plans(source_name: str) -> list[Plan]:
    source = find_source(source_name)
    return [compile_plan(source, table, logs.SCHEMA) for table in tables_of(source)]


def stage_lines(source_name: str, content: bytes | Iterable[str], day: date | None = None) -> Staged:
    """What becomes of one object of the source, given as bytes or as lines."""
    if not isinstance(content, bytes):
        content = "".join(f"{line}\n" for line in content).encode()
    streams = [(Origin("raw/object", "object.log", day), io.BytesIO(content))]
    records = pa.concat_tables([logs.SCHEMA.empty_table(), *split_records(streams, {})])
    staged = Staged(records, {}, {})
    with duckdb.connect() as con:
        con.register("records", records)
        for plan in compile_plans(source_name):
            con.execute(f"CREATE TEMP TABLE parsed AS {plan.parse}")
            good = con.execute("FROM parsed WHERE problem IS NULL ORDER BY raw_line").to_arrow_table()
            rejected = con.execute("SELECT raw_line, problem FROM parsed WHERE problem IS NOT NULL ORDER BY raw_line")
            staged.good[plan.table.name] = good.drop_columns(list(TRACE)).to_pylist()
            staged.rejected[plan.table.name] = rejected.fetchall()
            con.execute("DROP TABLE parsed")
    return staged


def list_cases(table: str) -> list[Path]:
    return sorted((CASES / table).glob("*.json"))


def check_case(path: Path) -> None:
    """A case is a file of lines, and beside it the rows and the rejected lines that must come out, as JSON."""
    case = json.loads(path.read_text())
    day = date.fromisoformat(case["day"]) if "day" in case else None
    staged = stage_lines(case["source"], path.with_suffix(".log").read_bytes(), day)
    table = path.parent.name
    assert spell(staged.good[table]) == case["rows"]
    assert dict(staged.rejected[table]) == {int(line): problem for line, problem in case["rejected"].items()}


def spell(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return json.loads(json.dumps(rows, default=lambda moment: moment.isoformat()))


def load_naughty_strings() -> list[str]:
    return json.loads((DATA / "naughty_strings" / "blns.json").read_text())
