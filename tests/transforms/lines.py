"""Lines of a source through the reader and the transforms, each seeing what staging shows it, in an own DuckDB."""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from watershed.declarations import find_source, tables_of
from watershed.declarations.table import Source, Table
from watershed.flows.ingest.plan_records import complete_records, is_text
from watershed.sources import logs
from watershed.sources.logs import LineOrigin, split_records

CASES = Path(__file__).parent / "cases"
DATA = Path(__file__).parent.parent / "data"
SAMPLE = Path(__file__).parent.parent.parent / "sample"
UNSAID = ("raw_object", "line", "problem", "event_id")  # by a line


@dataclass(frozen=True)
class Staged:
    """`good` and `rejected` rows by table, in order; a rejected one as (line number, problem)."""

    records: pa.Table
    good: dict[str, list[dict[str, Any]]]
    rejected: dict[str, list[tuple[int, str]]]


def open_records() -> ir.Table:
    fields = ((f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in logs.SCHEMA)
    return ibis.table(ibis.Schema.from_pyarrow(pa.schema(fields)), name="records")


def claim_lines(source: Source, table: Table, records: ir.Table) -> ir.Table:
    """The lines of text that the table gets: those it claims, or as home table those that no other one does."""
    others = [import_module(f"transforms.{t.name}") for t in tables_of(source) if source not in t.home_of]
    text = records.filter(is_text(source, records))
    if source in table.home_of:
        return text.filter(ibis.and_(*(~other.claims(text) for other in others)))
    return text.filter(import_module(f"transforms.{table.name}").claims(text))


@cache
def compile_transforms(source_name: str, dialect: str = "duckdb") -> dict[str, str]:
    """The SQL by table of what a source feeds."""
    source = find_source(source_name)
    compiled = {}
    for table in tables_of(source):
        transform = getattr(import_module(f"transforms.{table.name}"), f"from_{source_name}")
        records = complete_records(claim_lines(source, table, open_records()))
        compiled[table.name] = str(ibis.to_sql(transform(records), dialect=dialect))
    return compiled


@cache
def open_duckdb() -> duckdb.DuckDBPyConnection:
    """One engine for all cases, since opening one takes longer than most of them; a cursor has tables of its own."""
    return duckdb.connect(config={"threads": 1})


def stage_lines(source_name: str, content: bytes | Iterable[str], day: date | None = None) -> Staged:
    """What becomes of one object of the source, given as bytes or as lines."""
    if not isinstance(content, bytes):
        content = "".join(f"{line}\n" for line in content).encode()
    streams = [(LineOrigin("raw/object", "object.log", day), io.BytesIO(content))]
    records = pa.concat_tables([logs.SCHEMA.empty_table(), *split_records(streams, {})])
    staged = Staged(records, {}, {})
    with open_duckdb().cursor() as con:
        con.register("records", records)
        for table, parse in compile_transforms(source_name).items():
            con.execute(f"CREATE TEMP TABLE parsed AS {parse}")
            good = con.execute("FROM parsed WHERE problem IS NULL ORDER BY raw_line").to_arrow_table()
            rejected = con.execute("SELECT raw_line, problem FROM parsed WHERE problem IS NOT NULL ORDER BY raw_line")
            staged.good[table] = good.drop_columns([c for c in UNSAID if c in good.column_names]).to_pylist()
            staged.rejected[table] = rejected.fetchall()
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
