"""Whatever the bytes: every line ends once, as a good or a rejected row of one table, or is blank, or is no text."""

from collections import Counter
from importlib import import_module

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lines import compile_transforms, open_records, stage_lines
from watershed.declarations import find_source, tables_of
from watershed.flows.ingest.plan_records import complete_records

SOURCES = ("access_logs", "watch_logs", "ratings_files")
FRAGMENT = st.sampled_from(
    [
        *("02:49:12 ", "127.0.0.1 ", "- - ", "[25/Jun/2020:02:49:12 +0200] ", '"GET /x HTTP/1.1" ', '"', "200 ", "-"),
        *("2020-06-25T13:44:14", ",", "601844", "GET /data/m/up+2009/", "46.mpg", "GET /rate/up=", "4", "/", "=", " "),
        *("recommendation request ", "r:1", ", status 200", ", result: up+2009", ", 143 ms", "host\tlogname\ttime\t"),
        *("#", "#Fields: time c-ip sc-status\n", "#Date: 2020-06-25\n", "#Fields: date cs-method\n"),
        *("::", "1::0120735::9::1363245118", "Toy Story (1995)", "Animation|Comedy", "81 min", "\n", "\r", "\\", "\t"),
        *("99999999999999999999", "\0", "\x01", "\x02", "é", "…", "\u2028", "\x85", "0x1F", "1e3", "'", "--", ";"),
    ]
).map(str.encode)
CONTENT = st.lists(FRAGMENT | st.sampled_from([b"\n", b"\xff"]) | st.binary(max_size=5), max_size=120).map(b"".join)


@pytest.mark.parametrize("source", SOURCES)
@given(content=CONTENT)
@settings(max_examples=40)
def test_every_line_ends_once(source: str, content: bytes) -> None:
    staged = stage_lines(source, content)
    ends = Counter(row["raw_line"] for rows in staged.good.values() for row in rows)
    ends.update(number for rejected in staged.rejected.values() for number, _ in rejected)
    rows = staged.records.to_pylist()
    ends.update(row["raw_line"] for row in rows if row["problem"] or says_nothing(source, row["line"]))
    assert ends == Counter(range(1, len(rows) + 1))


def says_nothing(source: str, line: str) -> bool:
    return not line.strip("\t\n\v\f\r ") or (source == "access_logs" and line.startswith("#"))


@pytest.mark.parametrize("source", SOURCES)
def test_transforms_have_sql_for_spark(source: str) -> None:
    for sql in compile_transforms(source, "pyspark").values():
        assert sql.startswith("SELECT") and "`raw_line`" in sql


@pytest.mark.parametrize("source", SOURCES)
def test_columns_are_those_of_the_contract(source: str) -> None:
    for table in tables_of(find_source(source)):
        rows = getattr(import_module(f"transforms.{table.name}"), f"from_{source}")(complete_records(open_records()))
        assert rows.columns == (*table.arrow_schema.names, "problem", "line")
        wanted = ibis.Schema.from_pyarrow(table.arrow_schema)
        made = {name: dtype.copy(nullable=wanted[name].nullable) for name, dtype in rows[list(wanted)].schema().items()}
        assert made == dict(wanted.items())
