"""Types of contracts for what DuckDB reads from a database: as wide as the values need, and of one type a name."""

import re
from collections.abc import Iterable
from functools import reduce

import pyarrow as pa

from watershed.declarations.table import JSON_TEXT, TEXT_LIST, UTC_TIMESTAMP

DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
NUMBER = re.compile(r"smallint|integer|bigint|numeric\(\d+,\d+\)")
TEXT = re.compile(r"text|character varying(\(\d+\))?")
TOLERANT = ("citext", "numeric", "interval", "time with time zone")  # numeric(10,2) ends otherwise
DIGITS = 38
KINDS: dict[str, pa.DataType] = {
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int32(),
    "SMALLINT": pa.int32(),
    "INTEGER": pa.int32(),
    "UINTEGER": pa.int64(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": UTC_TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": UTC_TIMESTAMP,
    "BLOB": pa.binary(),
}
SPELLED = {UTC_TIMESTAMP: "UTC_TIMESTAMP", JSON_TEXT: "JSON_TEXT", TEXT_LIST: "TEXT_LIST"}


def find_kind(duckdb_type: str, postgres_type: str) -> pa.DataType:
    """The contract's type of a column. What has none of its own is text, as PostgreSQL or DuckDB writes it."""
    if postgres_type in ("json", "jsonb"):
        return JSON_TEXT
    if duckdb_type.endswith("[]"):
        return pa.list_(find_kind(duckdb_type.removesuffix("[]"), ""))
    if found := DECIMAL.fullmatch(duckdb_type):
        return pa.decimal128(int(found[1]), int(found[2]))
    return KINDS.get(duckdb_type, pa.string())


def merge_kinds(kinds: Iterable[pa.DataType]) -> pa.DataType | None:
    """The type that holds all values of these; None where there is none."""
    return reduce(merge_two, kinds)


def merge_two(one: pa.DataType | None, other: pa.DataType) -> pa.DataType | None:
    if one == other or one is None:
        return one
    if pa.types.is_integer(one) and pa.types.is_integer(other):
        return pa.int64()
    if pa.types.is_decimal(one) and pa.types.is_decimal(other):
        places = max(one.scale, other.scale)
        digits = max(one.precision - one.scale, other.precision - other.scale) + places
        return pa.decimal128(digits, places) if digits <= DIGITS else None
    return None


def are_compared_alike(one: str, other: str) -> bool:
    """Whether values of two types of PostgreSQL are equal in the lake just where they are at the database, for which
    `Ab` and `aB` of citext are equal, 5 and 5.0 of a numeric without scale, 24 hours and a day, and padded texts."""
    if one.endswith(TOLERANT) or other.endswith(TOLERANT):
        return False
    families = (NUMBER, TEXT)
    return one == other or any(family.fullmatch(one) and family.fullmatch(other) for family in families)


def kind_source(kind: pa.DataType) -> str:
    """How a contract writes it."""
    if kind in SPELLED:
        return SPELLED[kind]
    if pa.types.is_list(kind):
        return f"pa.list_({kind_source(kind.value_type)})"
    if pa.types.is_decimal(kind):
        return f"pa.decimal128({kind.precision}, {kind.scale})"
    return {"bool": "pa.bool_()", "double": "pa.float64()", "date32[day]": "pa.date32()"}.get(str(kind), f"pa.{kind}()")
