"""Whatever value a query finds is shown as it is: on the page, in its files, and by the command."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from watershed.serving.answer_files import Form, Spool, write_answer
from watershed.serving.answers import open_answer
from watershed.serving.sql_worker import take_rows

UHUGE = "340282366920938463463374607431768211455"
LONG = "x" * 300_000
# SQL; its text, on the page and in a CSV; and as JSON, where that is not the text as a string.
VALUES: dict[str, tuple[str | None, ...]] = {
    "NULL": (None, "null"),
    "true": ("true", "true"),
    "(-128)::TINYINT": ("-128", "-128"),
    "18446744073709551615::UBIGINT": ("18446744073709551615",) * 2,
    "9007199254740993::BIGINT": ("9007199254740993",) * 2,
    "-170141183460469231731687303715884105727::HUGEINT": ("-170141183460469231731687303715884105727",) * 2,
    f"{UHUGE}::UHUGEINT": (UHUGE,) * 2,
    f"'{UHUGE * 2}'::BIGNUM": (UHUGE * 2,) * 2,
    "1.50::DECIMAL(38, 2)": ("1.50", "1.50"),
    "0.1::FLOAT": ("0.1", "0.1"),
    "-0.0::DOUBLE": ("-0.0", "-0.0"),
    "1e300::DOUBLE": ("1e+300", "1e+300"),
    "1/0": ("Infinity",),
    "0/0": ("NaN",),
    "'-inf'::FLOAT": ("-Infinity",),
    "'infinity'::TIMESTAMP": ("infinity",),
    "'-infinity'::TIMESTAMPTZ": ("-infinity",),
    "'infinity'::TIMESTAMP_S": ("infinity",),
    "'infinity'::TIMESTAMP_MS": ("infinity",),
    "'infinity'::TIMESTAMP_NS": ("infinity",),
    "'2026-11-01 10:00:00.123456789'::TIMESTAMP_NS": ("2026-11-01 10:00:00.123456789",),
    "'290279-12-14 (BC)'::TIMESTAMP": ("290279-12-14 (BC) 00:00:00",),
    "'0001-01-01'::TIMESTAMP - INTERVAL 1 DAY": ("0001-12-31 (BC) 00:00:00",),
    "'290000-01-01'::TIMESTAMP_S": ("290000-01-01 00:00:00",),
    "'infinity'::DATE": ("infinity",),
    "'5877642-06-25 (BC)'::DATE": ("5877642-06-25 (BC)",),
    "'24:00:00'::TIME": ("24:00:00",),
    "'24:00:00+02'::TIMETZ": ("24:00:00+02",),
    "'23:59:59.123456789'::TIME_NS": ("23:59:59.123456789",),
    "INTERVAL '1 month 2 days 3 microseconds'": ("1 month 2 days 00:00:00.000003",),
    "INTERVAL '1000000 years'": ("1000000 years",),
    "'\\x00\\xff'::BLOB": ("\\x00\\xFF",),
    "'101'::BIT": ("101",),
    "'b862949e-4122-45fc-8a84-c6605fe448a4'::UUID": ("b862949e-4122-45fc-8a84-c6605fe448a4",),
    "'b'::ENUM('a', 'b')": ("b",),
    "'POINT(1 2)'::GEOMETRY": ("POINT (1 2)",),
    """'{"a": 1,\n "b": "NaN"}'::JSON""": ('{"a": 1,\n "b": "NaN"}',) * 2,
    "'[1, -Infinity]'::JSON": ("[1, -Infinity]", '[1, "-Infinity"]'),
    "''": ("",),
    "chr(0) || 'é😀\n\"=1+1\", <b>'": ('\0é😀\n"=1+1", <b>',),
    "'NaN'": ("NaN",),
    f"'{LONG}'": (LONG,),
    "['infinity'::DATE, NULL]": ('["infinity",null]',) * 2,
    "{'a \"NaN\" b': 'nan'::DOUBLE, 'b': 'NaN'}": ('{"a \\"NaN\\" b":"NaN","b":"NaN"}',) * 2,
    "[['-inf'::FLOAT, 0.1, NULL], NULL, []]": ('[["-Infinity",0.1,null],null,[]]',) * 2,
    "ROW(1, 'x', [ROW(0.1::FLOAT)])": ('[1,"x",[[0.1]]]',) * 2,
    "MAP {1: ['inf'::DOUBLE], 2: NULL}": ('{"1":["Infinity"],"2":null}',) * 2,
    "MAP {'a': 1, 'A': 2}": ('{"a":1,"A":2}',) * 2,
    "1::UNION(a INTEGER, b VARCHAR)": ('{"a":1}',) * 2,
    "[union_value(a := 'nan'::FLOAT)]": ('[{"a":"NaN"}]',) * 2,
    "[1, 2]::TINYINT[2]": ("[1,2]",) * 2,
    "['101'::BIT]": ('["101"]',) * 2,
    "[INTERVAL '1 month']": ('["1 month"]',) * 2,
    "{'a': 1, 'b': [0.5]}::VARIANT": ('{"a":1,"b":[0.5]}',) * 2,
    "{'big': 99999999999999999999999999.5::DECIMAL(38, 1)}": ('{"big":99999999999999999999999999.5}',) * 2,
}
# Names that need care, and the same name again.
NAMES = ("v", "V", "v_1", "v", '<img src=x onerror=alert(1)> "é😀,\n')
OWN_NAMES = ["v", "V_2", "v_1", "v_3", NAMES[4]]


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value[:40])
def test_a_value_is_the_same_everywhere(con: duckdb.DuckDBPyConnection, value: str, tmp_path: Path) -> None:
    text = VALUES[value][0]
    as_json = VALUES[value][1] if len(VALUES[value]) > 1 else json.dumps(text, ensure_ascii=False)
    query = f"SELECT {value} AS v, 1 AS v"
    [[shown, one]] = json.loads(json.dumps(take_rows(open_answer(con, query), 10)["rows"], allow_nan=False))
    assert one == 1
    assert spell(shown) == (text if text is None or len(text) < 2000 else text[:2000] + "…")
    assert read_csv(write(con, query, "csv", tmp_path)) == [["v", "v_1"], [text or "", "1"]]
    written = write(con, query, "json", tmp_path).decode()
    assert written == f'[{{"v": {as_json}, "v_1": 1}}]\n'
    json.loads(written, parse_constant=pytest.fail)
    path = tmp_path / "written.parquet"
    path.write_bytes(write(con, query, "parquet", tmp_path))
    [[found, kind, one]] = con.execute(f"SELECT v::VARCHAR, typeof(v), v_1 FROM read_parquet('{path}')").fetchall()
    [[own]] = con.execute(f"SELECT ({value})::VARCHAR").fetchall()
    assert one == 1 and found == (text if kind == "VARCHAR" else own)
    assert pyarrow.parquet.read_table(path).schema.names == ["v", "v_1"]


def spell(shown: Any) -> str | None:
    return str(shown).lower() if isinstance(shown, bool | int) else shown


def test_an_empty_text_is_no_null_in_csv(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert write(con, "SELECT '' AS a, NULL AS b, 'x,y' AS c, 'z' AS d", "csv", tmp_path) == b'a,b,c,d\n"",,"x,y",z\n'
    assert write(con, "SELECT '' AS a, NULL AS b, 1 AS c", "csv", tmp_path, quotes=True) == b'"a","b","c"\n"",,1\n'


def test_columns_of_one_name_have_names_of_their_own(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    listed = ", ".join(f'{n} AS "{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(NAMES))
    query = f"SELECT {listed} ORDER BY 1"
    shown = take_rows(open_answer(con, query), 10)
    assert [c["name"] for c in shown["columns"]] == OWN_NAMES and shown["rows"] == [[0, 1, 2, 3, 4]]
    assert read_csv(write(con, query, "csv", tmp_path)) == [OWN_NAMES, list("01234")]
    assert json.loads(write(con, query, "json", tmp_path)) == [dict(zip(OWN_NAMES, range(5), strict=True))]
    table = pyarrow.parquet.read_table(io.BytesIO(write(con, query, "parquet", tmp_path)))
    assert table.to_pylist() == [dict(zip(OWN_NAMES, range(5), strict=True))]


def test_a_join_keeps_every_column(con: duckdb.DuckDBPyConnection) -> None:
    films, ratings = "(SELECT 7 AS film_id, 'Alien' AS title)", "(SELECT 7 AS film_id, 9 AS user_id, 4 AS rating)"
    query = f"SELECT r.film_id, r.user_id, f.film_id, f.title, r.rating FROM {ratings} r JOIN {films} f USING (film_id)"
    answer = take_rows(open_answer(con, query), 10)
    assert [c["name"] for c in answer["columns"]] == ["film_id", "user_id", "film_id_1", "title", "rating"]
    assert answer["rows"] == [[7, 9, 7, "Alien", 4]]


@pytest.mark.parametrize(("form", "empty"), [("csv", b"a,a_1\n"), ("json", b"[]\n")])
def test_no_rows_are_an_answer(con: duckdb.DuckDBPyConnection, tmp_path: Path, form: Form, empty: bytes) -> None:
    assert write(con, "SELECT 1 AS a, 'x' AS a WHERE false", form, tmp_path) == empty
    assert take_rows(open_answer(con, "SELECT 1 WHERE false"), 10)["rows"] == []


@pytest.mark.parametrize(
    "query",
    ["EXPLAIN SELECT 'it''s'", "DESCRIBE SELECT 1", "SUMMARIZE SELECT 1", "SHOW ALL TABLES", "VALUES (1); -- done;",
     ";FROM range(2)", "WITH a AS (SELECT ';') FROM a -- ;", "PIVOT (SELECT 1 AS a) ON a IN (1) USING sum(a)"],
)  # fmt: skip
def test_every_kind_of_query_is_answered(con: duckdb.DuckDBPyConnection, query: str) -> None:
    assert take_rows(open_answer(con, query), 10)["columns"]


def test_several_queries_are_not_one(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="one at a time"):
        open_answer(con, "SELECT 1; SELECT 2")


def test_a_page_shows_as_much_as_a_browser_can_hold(con: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT " + ", ".join(f"repeat('é', 5000) AS c{n}" for n in range(50)) + " FROM range(300)"
    answer = take_rows(open_answer(con, query), 1000)
    assert answer["count"] == 300 and 10 < len(answer["rows"]) < 100
    assert answer["rows"][0][0] == "é" * 2000 + "…"


def write(con: duckdb.DuckDBPyConnection, query: str, form: Form, folder: Path, *, quotes: bool = False) -> bytes:
    with (folder / "answer").open("wb") as file:
        write_answer(open_answer(con, query), file, form, Spool(folder / "spool" / "rows.parquet"), quotes=quotes)
    assert list((folder / "spool").iterdir()) == []
    return (folder / "answer").read_bytes()


def read_csv(written: bytes) -> list[list[str]]:
    csv.field_size_limit(10**6)
    return list(csv.reader(io.StringIO(written.decode(), newline="")))
