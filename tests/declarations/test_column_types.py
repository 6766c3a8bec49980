"""Every type that a contract can have is spelled as DuckDB spells it, and whoever cannot be says so in one sentence."""

import duckdb
import pyarrow as pa
import pytest

from watershed.declarations import list_tables
from watershed.declarations.column_types import as_ibis, is_in_place, is_widening, type_sql

SPELLED = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.decimal32(5, 2): "DECIMAL(5,2)",
    pa.decimal64(12, 2): "DECIMAL(12,2)",
    pa.decimal128(12, 2): "DECIMAL(12,2)",
    pa.decimal256(38, 0): "DECIMAL(38,0)",
    pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR",
    pa.string_view(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.large_binary(): "BLOB",
    pa.binary(16): "BLOB",
    pa.uuid(): "UUID",
    pa.date32(): "DATE",
    pa.date64(): "DATE",
    pa.time32("s"): "TIME",
    pa.time64("us"): "TIME",
    pa.timestamp("s"): "TIMESTAMP",
    pa.timestamp("ms"): "TIMESTAMP",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("ns"): "TIMESTAMP_NS",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.timestamp("s", tz="Europe/Berlin"): "TIMESTAMP WITH TIME ZONE",
    pa.dictionary(pa.int32(), pa.string()): "VARCHAR",
    pa.run_end_encoded(pa.int32(), pa.int64()): "BIGINT",
    pa.json_(pa.string()): "JSON",
    pa.list_(pa.float32()): "FLOAT[]",
    pa.large_list(pa.int8()): "TINYINT[]",
    pa.list_(pa.int32(), 3): "INTEGER[]",
    pa.list_(pa.list_(pa.json_(pa.string()))): "JSON[][]",
    pa.struct([("a b", pa.int32()), ("select", pa.list_(pa.date32()))]): 'STRUCT("a b" INTEGER, "select" DATE[])',
    pa.struct([('say "hi"', pa.uuid())]): 'STRUCT("say ""hi""" UUID)',
    pa.map_(pa.string(), pa.decimal128(12, 2)): "MAP(VARCHAR, DECIMAL(12,2))",
}
REFUSED = {
    pa.null(): "leave it out",
    pa.float16(): "pa.float32",
    pa.time64("ns"): r'pa.time64\("us"\)',
    pa.timestamp("ns", tz="UTC"): r'pa.timestamp\("us", tz="UTC"\)',
    pa.decimal256(50, 2): "38 digits at most",
    pa.decimal128(5, -2): "38 digits at most",
    pa.duration("us"): "a number with its unit",
    pa.month_day_nano_interval(): "a number with its unit",
    pa.struct([]): "a struct with fields",
    pa.dense_union([pa.field("a", pa.int8())]): "declare a list, a map or a struct",
    pa.list_(pa.float16()): "pa.float32",
    pa.fixed_shape_tensor(pa.int32(), [2]): "what its values are stored as",
}


@pytest.mark.parametrize(("kind", "spelled"), SPELLED.items(), ids=map(str, SPELLED))
def test_a_type_is_spelled_as_the_catalogue_does(kind: pa.DataType, spelled: str) -> None:
    assert type_sql(kind) == spelled
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t (x {spelled})")
        assert con.execute("SELECT data_type FROM duckdb_columns() WHERE table_name = 't'").fetchall() == [(spelled,)]
    assert as_ibis(kind)


@pytest.mark.parametrize(("kind", "cure"), REFUSED.items(), ids=map(str, REFUSED))
def test_what_cannot_be_kept_says_what_can(kind: pa.DataType, cure: str) -> None:
    with pytest.raises(TypeError, match=f"no column can have the type .*: .*{cure}"):
        type_sql(kind)


def test_every_declared_column_has_a_type() -> None:
    assert all(type_sql(column.type) for table in list_tables() for column in table.all_columns)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("INTEGER", "BIGINT"),
        ("UTINYINT", "SMALLINT"),
        ("UINTEGER", "UBIGINT"),
        ("DECIMAL(12,2)", "DECIMAL(18,2)"),
    ],
)
def test_larger_numbers_of_a_kind_are_widened_in_place(old: str, new: str) -> None:
    assert is_widening(old, new) and is_in_place(old, new)
    assert not is_widening(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FLOAT", "DOUBLE"),
        ("INTEGER", "DOUBLE"),
        ("SMALLINT", "FLOAT"),
        ("INTEGER", "DECIMAL(12,2)"),
        ("UBIGINT", "DECIMAL(20,0)"),
        ("DECIMAL(12,2)", "DECIMAL(18,4)"),
        ("DATE", "TIMESTAMP"),
        ("INTEGER[]", "BIGINT[]"),
        ("MAP(VARCHAR, FLOAT)", "MAP(VARCHAR, DOUBLE)"),
        ("STRUCT(a INTEGER)", "STRUCT(a BIGINT, b JSON)"),
        ("STRUCT(a INTEGER[])[]", "STRUCT(a BIGINT[], b VARCHAR)[]"),
    ],
)
def test_other_widenings_need_a_copy(old: str, new: str) -> None:
    assert is_widening(old, new) and not is_in_place(old, new)
    assert not is_widening(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BIGINT", "INTEGER"),
        ("BIGINT", "DOUBLE"),
        ("INTEGER", "FLOAT"),
        ("INTEGER", "UBIGINT"),
        ("UINTEGER", "INTEGER"),
        ("INTEGER", "DECIMAL(11,2)"),
        ("DECIMAL(12,2)", "DECIMAL(13,4)"),
        ("DECIMAL(12,2)", "DOUBLE"),
        ("INTEGER", "VARCHAR"),
        ("VARCHAR", "JSON"),
        ("TIMESTAMP", "DATE"),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
        ("TIMESTAMP", "TIMESTAMP_NS"),
        ("BOOLEAN", "INTEGER"),
        ("STRUCT(a INTEGER, b VARCHAR)", "STRUCT(a INTEGER)"),
        ("STRUCT(a INTEGER)", "STRUCT(b INTEGER)"),
        ("INTEGER[]", "INTEGER"),
        ("MAP(VARCHAR, BIGINT)", "BIGINT[]"),
        ("INTEGER", "INTEGER"),
    ],
)
def test_what_loses_or_changes_values_is_no_widening(old: str, new: str) -> None:
    assert not is_widening(old, new)
