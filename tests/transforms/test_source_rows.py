"""Values of a database in the types of a contract: as they are, or not at all."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from watershed.declarations import find_table
from watershed.declarations.table import Column
from watershed.transforms.source_rows import select_columns, select_keys

INT32 = "a whole number from -2147483648 to 2147483647 (int32)"
TEXTS = pa.list_(pa.string())
MONEY_TYPE = pa.decimal128(12, 2)
MONEY = "a number of at most 10 digits before the point and 2 behind (decimal128(12, 2))"


def convert(value: str, kind: pa.DataType, **about: Any) -> tuple[Any, str | None]:
    """The value of a SQL expression as a column of this type, and what is wrong with it."""
    table = replace(find_table("users"), columns=(Column("amount", kind, "A value", **about),), key=("amount",))
    con = ibis.duckdb.connect()
    rows = con.sql(f"SELECT {value} AS amount, 'raw/x/y' AS raw_object, 1::BIGINT AS raw_line")
    row = con.to_pyarrow(select_columns(rows, table)).to_pylist()[0]
    return row["amount"], row["_problem"]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("7::BIGINT", pa.int32(), 7),
        ("'7'", pa.int32(), 7),
        ("'  12.00'", pa.int32(), 12),
        ("2.0::DOUBLE", pa.int64(), 2),
        ("'12.5000'", pa.decimal128(12, 2), Decimal("12.50")),
        ("19.99::DOUBLE", pa.decimal128(12, 2), Decimal("19.99")),
        ("1.5::DECIMAL(20, 4)", pa.decimal128(12, 2), Decimal("1.50")),
        ("NULL::BIGINT", pa.int32(), None),
        ("'NaN'", pa.float64(), "nan"),
        ("'2026-03-01 10:00:00'", pa.timestamp("us"), datetime(2026, 3, 1, 10)),
        ("uuid '00000000-0000-0000-0000-00000000000a'", pa.string(), "00000000-0000-0000-0000-00000000000a"),
        ("5::SMALLINT", pa.string(), "5"),
        ("[1, NULL]::BIGINT[]", pa.list_(pa.int32()), [1, None]),
        ("'{1,NULL,-3}'", pa.list_(pa.int32()), [1, None, -3]),
        ("'{}'", pa.list_(pa.int32()), []),
        ("'{2026-03-01}'", pa.list_(pa.date32()), [date(2026, 3, 1)]),
        (
            r"""'{a,"b,c",NULL,"null","q\"\\","",it''s,"{x}"}'""",
            TEXTS,
            ["a", "b,c", None, "null", 'q"\\', "", "it's", "{x}"],
        ),
        ("0::INTEGER", pa.bool_(), False),
        ("""'{"a": 1}'""", pa.json_(pa.string()), '{"a": 1}'),
    ],
)
def test_what_fits_is_the_value(value: str, kind: pa.DataType, expected: Any) -> None:
    found, problem = convert(value, kind)
    assert problem is None
    assert str(found) == "nan" if expected == "nan" else found == expected


@pytest.mark.parametrize(
    ("value", "kind", "form", "bound"),
    [
        ("6178466636::BIGINT", pa.int32(), "a number of 10 digits before the point and 0 behind", INT32),
        ("1.5::DOUBLE", pa.int32(), "a number of 1 digits before the point and 1 behind", INT32),
        ("'1.5'", pa.int32(), "a number of 1 digits before the point and 1 behind", INT32),
        ("'none'", pa.int32(), "a text of 4 characters", INT32),
        ("'NaN'", pa.int32(), "not a finite number", INT32),
        ("''", pa.int32(), "a text of 0 characters", INT32),
        ("'1e3'", pa.int32(), "a text of 3 characters", INT32),
        ("'1.005'", MONEY_TYPE, "a number of 1 digits before the point and 3 behind", MONEY),
        ("123456789012.1::DECIMAL(20, 4)", MONEY_TYPE, "a number of 12 digits before the point and 1 behind", MONEY),
        ("'NaN'::DOUBLE", MONEY_TYPE, "not a finite number", MONEY),
        ("'soon'", pa.timestamp("us"), "a text of 4 characters", "a value of type timestamp[us]"),
        ("'31.12.2026'", pa.date32(), "a text of 10 characters", "a value of type date32[day]"),
        ("'{{1},{2}}'", pa.list_(pa.int64()), "a text of 9 characters", "a value of type list<item: int64>"),
        ("[6178466636]", pa.list_(pa.int32()), "a value of type array<int64>", "a value of type list<item: int32>"),
        ("[1.5::DOUBLE]", pa.list_(pa.int32()), "a value of type array<float64>", "a value of type list<item: int32>"),
        ("2::INTEGER", pa.bool_(), "a number of 1 digits before the point and 0 behind", "a value of type bool"),
    ],
)
def test_what_does_not_fit_says_why_and_not_what(value: str, kind: pa.DataType, form: str, bound: str) -> None:
    assert convert(value, kind)[1] == f"amount is {form} where the contract has {bound}"


@pytest.mark.parametrize(("about", "expected"), [({}, None), ({"default": "red"}, "red")])
def test_a_column_that_is_younger_than_the_row(about: dict[str, Any], expected: str | None) -> None:
    table = replace(find_table("users"), columns=(Column("color", pa.string(), "A value", **about),), key=())
    con = ibis.duckdb.connect()
    rows = select_columns(con.sql("SELECT 'raw/x/y' AS raw_object, 1::BIGINT AS raw_line"), table)
    assert con.to_pyarrow(rows).to_pylist()[0] == {
        "color": expected, "raw_object": "raw/x/y", "raw_line": 1, "_problem": None
    }  # fmt: skip


def test_every_problem_of_a_row_is_told() -> None:
    columns = tuple(Column(name, pa.int32(), "A value") for name in ("a", "b", "c"))
    con = ibis.duckdb.connect()
    rows = con.sql("SELECT 'x' AS a, '1' AS b, 'yz' AS c, 'raw/x/y' AS raw_object, 1::BIGINT AS raw_line")
    [row] = con.to_pyarrow(select_columns(rows, replace(find_table("users"), columns=columns))).to_pylist()
    assert row["_problem"].count("a text of") == 2 and "; c is" in row["_problem"]


def test_keys_that_do_not_fit_are_of_no_record() -> None:
    table = replace(find_table("users"), columns=(Column("id", pa.int32(), "Which"),), key=("id",))
    con = ibis.duckdb.connect()
    keys = con.sql("SELECT * FROM (VALUES ('1'), ('2'), ('x')) AS t (id)")
    assert sorted(con.to_pyarrow(select_keys(keys, table))["id"].to_pylist()) == [1, 2]


def test_a_contract_may_not_take_the_names_of_ours() -> None:
    with pytest.raises(ValueError, match=r'declares valid_from, .* say source_name="valid_from"'):
        replace(find_table("users"), columns=(Column("valid_from", pa.timestamp("us"), "A value"),))
