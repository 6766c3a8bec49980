"""Whatever value a query finds is shown as it is, on the page and in every file."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from cockpit.answering import take_rows, write_rows
from stack.commands.sql import print_csv, print_json

# SQL, and how it is spelled as text and as JSON
VALUES = {
    "'infinity'::TIMESTAMP": ("infinity", '"infinity"'),
    "'-infinity'::TIMESTAMPTZ": ("-infinity", '"-infinity"'),
    "'290279-12-14 (BC)'::TIMESTAMP": ("290279-12-14 (BC) 00:00:00", '"290279-12-14 (BC) 00:00:00"'),
    "'0001-01-01'::TIMESTAMP - INTERVAL 1 DAY": ("0001-12-31 (BC) 00:00:00", '"0001-12-31 (BC) 00:00:00"'),
    "'infinity'::DATE": ("infinity", '"infinity"'),
    "'10000-01-01'::DATE": ("10000-01-01", '"10000-01-01"'),
    "'2026-11-01 10:00:00.5'::TIMESTAMP": ("2026-11-01 10:00:00.5", '"2026-11-01 10:00:00.5"'),
    "'infinity'::TIMESTAMP_NS": ("infinity", '"infinity"'),
    "'24:00:00'::TIME": ("24:00:00", '"24:00:00"'),
    "'24:00:00+02'::TIMETZ": ("24:00:00+02", '"24:00:00+02"'),
    "INTERVAL '1 month 2 days'": ("1 month 2 days", '"1 month 2 days"'),
    "INTERVAL '1000000 years'": ("1000000 years", '"1000000 years"'),
    "'NaN'::DOUBLE": ("nan", '"NaN"'),
    "'-inf'::FLOAT": ("-inf", '"-Infinity"'),
    "-170141183460469231731687303715884105727::HUGEINT": ("-170141183460469231731687303715884105727",) * 2,
    "340282366920938463463374607431768211455::UHUGEINT": (
        "340282366920938463463374607431768211455",
        '"340282366920938463463374607431768211455"',
    ),
    "1.50::DECIMAL(38, 2)": ("1.50", "1.50"),
    "'\\xff'::BLOB": ("\\xFF", '"\\\\xFF"'),
    "'101'::BIT": ("101", '"101"'),
    "true": ("True", "true"),
    "NULL": ("", "null"),
    "['infinity'::DATE, NULL]": ('["infinity",null]', '["infinity",null]'),
    "{'a \"NaN\" b': 'NaN'::DOUBLE, 'b': 'NaN'}": ('{"a \\"NaN\\" b":"NaN","b":"NaN"}',) * 2,
    "['-inf'::DOUBLE, 1e300]": ('["-Infinity",1e300]',) * 2,
    "MAP {1: 'x'}": ('{"1":"x"}',) * 2,
    "union_value(a := 1)": ('{"a":1}',) * 2,
    "{'big': 99999999999999999999999999.5::DECIMAL(38, 1)}": ('{"big":99999999999999999999999999.5}',) * 2,
}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_printed_as_it_is(
    con: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    text, as_json = VALUES[value]
    print_csv(con.sql(f"SELECT {value} AS v, 1 AS v"))
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [["v", "v"], [text, "1"]]
    print_json(con.sql(f"SELECT {value} AS v"))
    printed = capsys.readouterr().out
    assert printed == f'[{{"v": {as_json}}}]\n'
    json.loads(printed, parse_constant=pytest.fail)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_shown_on_a_page(con: duckdb.DuckDBPyConnection, value: str) -> None:
    answer = take_rows(con.sql(f"SELECT {value} AS v, 1 AS v"), 10)
    [[shown, one]] = json.loads(json.dumps(answer["rows"], allow_nan=False))
    expected = json.loads(VALUES[value][1], parse_float=str, parse_int=str)
    text = expected if isinstance(expected, str) else VALUES[value][0]
    assert one == 1
    assert (str(shown) if shown is not None else "") == text


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_in_the_file_of_a_page(con: duckdb.DuckDBPyConnection, value: str, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        assert write_rows(con.sql(f"SELECT {value} AS v"), tmp_path / form, form, 10) == {"count": 1}
    [[found]] = con.execute(f"SELECT v::VARCHAR FROM read_parquet('{tmp_path / 'parquet'}')").fetchall()
    [[own]] = con.execute(f"SELECT ({value})::VARCHAR").fetchall()
    assert found == own
    assert pyarrow.parquet.read_metadata(tmp_path / "parquet").num_rows == 1
    with (tmp_path / "csv").open(newline="") as file:
        written = "".join(cell for row in list(csv.reader(file))[1:] for cell in row)
    assert written.lower() == VALUES[value][0].lower()
