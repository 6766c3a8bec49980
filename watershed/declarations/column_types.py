"""Types of columns: how DuckDB spells what a contract declares, and which of them hold all values of which others.

Types are compared as DuckDB's own spelling of them, which `type_sql` gives and the lake's catalogue as well.
Where Parquet or DuckLake would lose a part of the values, the type cannot be declared: the sentence says what can.
"""

import re
from functools import lru_cache
from typing import Any

import pyarrow as pa

MOST_DIGITS = 38  # of a decimal

PLAIN = {
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
    pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR",
    pa.string_view(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.large_binary(): "BLOB",
    pa.binary_view(): "BLOB",
    pa.uuid(): "UUID",
    pa.date32(): "DATE",
    pa.date64(): "DATE",
    pa.time32("s"): "TIME",
    pa.time32("ms"): "TIME",
    pa.time64("us"): "TIME",
}
REFUSED = {
    pa.null(): "a column without values is none: leave it out",
    pa.float16(): "DuckDB has no floats of 16 bits: pa.float32() holds them all",
    pa.time64("ns"): 'Parquet files keep times of a day in microseconds: declare pa.time64("us")',
}
# Digits of the largest value, and bits of its magnitude, which a float's mantissa (24 bits) and a double's (53) hold.
INTEGERS = {
    "TINYINT": (3, 7),
    "SMALLINT": (5, 15),
    "INTEGER": (10, 31),
    "BIGINT": (19, 63),
    "UTINYINT": (3, 8),
    "USMALLINT": (5, 16),
    "UINTEGER": (10, 32),
    "UBIGINT": (20, 64),
}
MANTISSAS = {"FLOAT": 24, "DOUBLE": 53}
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def type_sql(kind: pa.DataType) -> str:
    """The DuckDB type of an Arrow type, as DuckDB spells it. Raises TypeError, one sentence, where there is none."""
    return hashed_sql(kind) if not isinstance(kind, pa.JsonType) else "JSON"


@lru_cache(maxsize=1024)
def hashed_sql(kind: pa.DataType) -> str:
    import duckdb

    spelled = parts_sql(kind)
    return str(duckdb.sqltype(spelled)) if pa.types.is_nested(kind) else spelled


def parts_sql(kind: pa.DataType) -> str:
    if (found := PLAIN.get(kind)) is not None:
        return found
    if pa.types.is_timestamp(kind):
        return timestamp_sql(kind)
    if pa.types.is_decimal(kind):
        return decimal_sql(kind)
    if pa.types.is_fixed_size_binary(kind):
        return "BLOB"
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):  # how Arrow holds values, not what they are
        return type_sql(kind.value_type)
    if pa.types.is_nested(kind):
        return nested_sql(kind)
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        raise refuse(kind, "Parquet files keep spans of time in milliseconds: declare a number with its unit, as _ms")
    raise refuse(kind, REFUSED.get(kind, "DuckDB has no such type: declare what its values are stored as"))


def timestamp_sql(kind: pa.TimestampType) -> str:
    """Moments are kept in microseconds, or without a zone in nanoseconds; the zone that a type names is not kept."""
    if kind.tz is None:
        return "TIMESTAMP_NS" if kind.unit == "ns" else "TIMESTAMP"
    if kind.unit == "ns":
        raise refuse(kind, 'moments with a zone are kept in microseconds: declare pa.timestamp("us", tz="UTC")')
    return "TIMESTAMP WITH TIME ZONE"


def decimal_sql(kind: pa.DataType) -> str:
    if kind.precision > MOST_DIGITS or not 0 <= kind.scale <= kind.precision:
        raise refuse(kind, f"DuckDB's decimals have {MOST_DIGITS} digits at most, 0 to all of them behind the point")
    return f"DECIMAL({kind.precision},{kind.scale})"


def nested_sql(kind: pa.DataType) -> str:
    if pa.types.is_map(kind):
        return f"MAP({type_sql(kind.key_type)}, {type_sql(kind.item_type)})"
    if pa.types.is_struct(kind) and kind.num_fields:
        return f"STRUCT({', '.join(map(field_sql, kind))})"
    if hasattr(kind, "value_type"):  # lists of any kind: that all have one length is a rule, not a type
        return f"{type_sql(kind.value_type)}[]"
    raise refuse(kind, "declare a list, a map or a struct with fields")


def field_sql(field: pa.Field) -> str:
    name = field.name.replace('"', '""')
    return f'"{name}" {type_sql(field.type)}'


def refuse(kind: pa.DataType, why: str) -> TypeError:
    return TypeError(f"no column can have the type {kind}: {why}")


def is_widening(old: str, new: str) -> bool:
    """Whether every value of one type, as DuckDB spells it, is a value of the other, which is another one."""
    if old == new:
        return False
    if is_in_place(old, new):
        return True
    if old in INTEGERS and new in MANTISSAS:
        return INTEGERS[old][1] <= MANTISSAS[new]
    if decimal := DECIMAL.fullmatch(new):
        return holds_digits(old, int(decimal[1]), int(decimal[2]))
    return (old, new) in {("FLOAT", "DOUBLE"), ("DATE", "TIMESTAMP")} or is_nested_widening(old, new)


def holds_digits(old: str, digits: int, behind_point: int) -> bool:
    """Whether a decimal of so many digits holds all values of another type."""
    if decimal := DECIMAL.fullmatch(old):
        before_point = int(decimal[1]) - int(decimal[2])
        return int(decimal[2]) <= behind_point and before_point <= digits - behind_point
    return old in INTEGERS and INTEGERS[old][0] <= digits - behind_point


def is_in_place(old: str, new: str) -> bool:
    """Whether it is a widening by which no value gets a neighbour that the type before could not hold between two of
    its own: an integer to a larger one, or more digits of a decimal."""
    if old in INTEGERS and new in INTEGERS:
        return INTEGERS[old][1] < INTEGERS[new][1] and (new[0] != "U" or old[0] == "U")
    before, after = DECIMAL.fullmatch(old), DECIMAL.fullmatch(new)
    return bool(before and after and before[2] == after[2] and int(before[1]) < int(after[1]))


def is_nested_widening(old: str, new: str) -> bool:
    """The same of lists, maps and structs, whose parts are widened, or equal; a struct may gain fields at its end."""
    import duckdb

    before, after = duckdb.sqltype(old), duckdb.sqltype(new)
    if before.id != after.id or before.id not in ("list", "map", "struct") or old == new:
        return False
    had, has = before.children, after.children
    pairs = zip(had, has, strict=False)
    return len(had) <= len(has) and all(
        was[0] == now[0] and (was[1] == now[1] or is_widening(str(was[1]), str(now[1]))) for was, now in pairs
    )


def as_ibis(kind: pa.DataType) -> Any:
    """The Ibis type of what a contract declares: as DuckDB holds it, JSON and UUIDs too."""
    from ibis.backends.sql.datatypes import DuckDBType

    return DuckDBType.from_string(type_sql(kind))
