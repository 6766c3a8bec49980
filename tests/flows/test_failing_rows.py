"""A record that makes a transform fail is a bad record: it holds up no others."""

import io
from datetime import timedelta
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.messages import ask
from tests.runs import begin
from watershed.declarations import find_source, find_table
from watershed.declarations.table import Column, Source, Table
from watershed.flows.ingest.failing_rows import MOST_FAILING, reject_failing
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.ingest.plan_records import Sorting, StagingPlan, find_transform, make_rows, open_records
from watershed.lake.store import open_store
from watershed.sources.logs import SCHEMA

COUNTS = Source("counts", "logs", "A number a line")
TABLE = Table(
    name="counts",
    description="",
    grain="",
    owner="",
    columns=(Column("count", pa.int32(), ""),),
    key=("raw_object", "raw_line"),
    sources=(COUNTS,),
    replaces="object",
    day=None,
    freshness=timedelta(days=1),
)
SORTING = Sorting("SELECT * FROM records LIMIT 0", "", None)
PARSE = "SELECT {} AS count, raw_object, raw_line, NULL AS problem, line FROM records WHERE problem IS NULL"


def reject(lines: list[str], expression: str) -> list[str | None]:
    """The problems of lines, of which an expression makes the count."""
    values: dict[str, Any] = {"raw_object": "o", "day": None, "problem": None}
    rows = [values | {"raw_line": number, "line": line} for number, line in enumerate(lines, 1)]
    records = pa.Table.from_pylist(rows, SCHEMA)
    plan = StagingPlan(COUNTS, TABLE, PARSE.format(expression), "false", True)
    with duckdb.connect() as con:
        found = reject_failing(con, [plan], SORTING, records)
    assert found.drop_columns("problem").equals(records.drop_columns("problem"))
    problems: list[str | None] = found.column("problem").to_pylist()
    return problems


@pytest.mark.parametrize(
    ("expression", "bad", "reason"),
    [
        ("line::INT", "6178466636", "Could not convert string '9999999999' to INT32"),
        ("line::INT", "many", "Could not convert string 'xxxx' to INT32"),
        ("line::BIGINT", "6178466636", "Type INT64 with value 9999999999 can't be cast"),
        ("line::DOUBLE", "1e300", "Type DOUBLE with value 9x+999 can't be cast"),
        ("(line::BIGINT * 1000000000000) // 1000000000000", "99999999999", "Overflow in multiplication of INT64"),
        ("json_extract_string(line, '$')", "{", "Malformed JSON at byte 1 of input"),
        ("year(strptime(line, '%Y'))", "soon", 'Could not parse string "xxxx"'),
    ],
)
def test_the_record_that_fails_is_found(expression: str, bad: str, reason: str) -> None:
    for place in (0, 1, 6):
        lines = ["5"] * 7
        lines[place] = bad
        problems = reject(lines, expression)
        why = problems.pop(place)
        assert why is not None
        assert why.startswith(f"no row of core.counts can be made of it: {reason}")
        assert "\n" not in why
        assert problems == [None] * 6


def test_all_that_fail_are_found() -> None:
    lines = ["x" if n % 97 == 0 else str(n) for n in range(1500)]
    assert [bool(why) for why in reject(lines, "line::INT")] == [n % 97 == 0 for n in range(1500)]


def test_a_transform_that_fails_for_most_is_at_fault() -> None:
    with pytest.raises(ValueError, match=rf"more than {MOST_FAILING} records of counts fail: no row of core.counts"):
        reject(["x"] * 1000, "line::INT")


def test_a_transform_that_does_not_fit_is_named() -> None:
    source, table = find_source("photo_documents"), find_table("photo_documents")
    with pytest.raises(
        ValueError, match=r"from_photo_documents in transforms/photo_documents.py does not fit the records"
    ):
        make_rows(source, table, find_transform(source, table), ibis.table({"line": "string"}, name="records"))
    with pytest.raises(LookupError, match=r"transforms/photo_documents.py has no function from_counts"):
        find_transform(COUNTS, table)
    with pytest.raises(LookupError, match=r"transforms/counts.py has no function from_counts"):
        find_transform(COUNTS, TABLE)


def test_a_column_that_a_transform_forgets_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    source, table = find_source("photo_documents"), find_table("photo_documents")
    monkeypatch.setattr(
        "transforms.photo_documents.from_photo_documents", lambda records: records.drop("line", "other")
    )
    with pytest.raises(ValueError, match="makes no column document_id and no taken_at"):
        make_rows(source, table, find_transform(source, table), open_records(source, "records"))


@pytest.mark.servers
def test_the_others_are_published_and_it_waits_in_quarantine(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transform that casts what its field's grammar lets through."""
    transform = find_transform(find_source("photo_documents"), find_table("photo_documents"))
    strict = lambda records: transform(records).mutate(iso=ibis._.document_id.cast("int64"))  # noqa: E731
    strict.__name__ = "from_photo_documents"
    monkeypatch.setattr("transforms.photo_documents.from_photo_documents", strict)
    content = b'{"id": 100}\n{"id": 6178466636}\n{"id": "x"}\n{"id": 300}'
    open_store().put_once("photo_documents", io.BytesIO(content), "file.json")
    main("photo_documents", "first")
    assert ask("SELECT iso, raw_line FROM core.photo_documents ORDER BY ALL") == [(100, 1), (300, 4)]
    found = ask("SELECT raw_line, reason, row_json->>'line' FROM quarantine.photo_documents ORDER BY ALL")
    assert [(line, text) for line, _, text in found] == [(2, '{"id": 6178466636}'), (3, '{"id": "x"}')]
    assert all(reason.startswith("no row of core.photo_documents can be made of it: ") for _, reason, _ in found)
    assert ask("SELECT rows_read, rows_written, rows_quarantined FROM ledger.books") == [(4, 2, 2)]
    assert take_arrivals(begin("photo_documents", "second"))["objects"] == 0
