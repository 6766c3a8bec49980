"""How a value of each type leaves DuckDB, as SQL: as the text that people read, as JSON, as what Parquet can hold.

Python and Arrow have no place for some values: an infinite time becomes the last day of the year 9999, one before
Christ an error, 24:00 midnight, and the largest numbers others. So DuckDB spells them, and nobody after it.
"""

import json
import re

from duckdb.sqltypes import DuckDBPyType

from watershed.warehouse.connection import quote

NESTED = {"list", "array", "struct", "map", "union", "variant"}
FLOATS = {"float", "double"}
WHOLE = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint", "bignum"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
}
NUMBERS = WHOLE | FLOATS | {"decimal"}
TIMES = {
    "date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone", "time", "time_ns",
    "time with time zone", "interval",
}  # fmt: skip
# What DuckDB would change as it writes Parquet: UHUGEINT becomes a DOUBLE, an interval loses microseconds.
UNHELD = {"interval", "time with time zone", "time_ns", "bit", "union", "uhugeint", "bignum", "variant", "type"}
NAMES = ("NaN", "Infinity", "-Infinity")
BARE = re.compile(r'"(?:[^"\\]|\\.)*"|(-?)(?:(nan)|inf(?:inity)?)', re.IGNORECASE)


def as_text_sql(kind: DuckDBPyType, place: str) -> str:
    """VARCHAR: as DuckDB writes it, lists and the like as JSON; NaN and Infinity as most programs read them."""
    if kind.id in NESTED:
        return f"CAST({nested_sql(kind, place)} AS VARCHAR)"
    if kind.id in FLOATS:
        names = f"WHEN isnan({place}) THEN 'NaN' WHEN {place} > 0 THEN 'Infinity' ELSE '-Infinity' END"
        return f"CASE WHEN {place} IS NULL OR isfinite({place}) THEN CAST({place} AS VARCHAR) {names}"
    return f"CAST({place} AS VARCHAR)"


def as_parquet_sql(kind: DuckDBPyType, place: str, *, as_texts: bool) -> str:
    """A type that Parquet holds every value of. With `as_texts`, those of which it holds nearly all are texts too."""
    if kind.id in UNHELD or (kind.id in NESTED and not is_held(kind)):
        return as_text_sql(kind, place)
    if kind.id == "hugeint":
        return f"CAST({place} AS {'VARCHAR' if as_texts else 'DECIMAL(38, 0)'})"
    if kind.id in ("timestamp_s", "timestamp_ms"):  # by way of a text, since infinity is cast to no TIMESTAMP
        return f"CAST({place} AS VARCHAR)" if as_texts else f"CAST(CAST({place} AS VARCHAR) AS TIMESTAMP)"
    return place


def nested_sql(kind: DuckDBPyType, place: str) -> str:
    """JSON. Where `to_json` alone would do otherwise than with the value by itself, part by part."""
    if not is_spelled_by_part(kind):
        return f"to_json({place})"
    if kind.id in FLOATS:
        number = f"CAST(CAST({place} AS VARCHAR) AS JSON)"
        return f"CASE WHEN isfinite({place}) THEN {number} ELSE to_json({as_text_sql(kind, place)}) END"
    if kind.id == "variant":
        return f"CAST({place} AS JSON)"
    return f"CASE WHEN {place} IS NOT NULL THEN {parts_sql(kind, place)} END"


def parts_sql(kind: DuckDBPyType, place: str) -> str:
    parts = list_parts(kind)
    if kind.id in ("list", "array"):
        return f"to_json({elements_sql(parts[0][1], place)})"
    if kind.id == "map":
        keys = f"list_transform(map_keys({place}), lambda k: {as_text_sql(parts[0][1], 'k')})"
        return f"to_json(MAP({keys}, {elements_sql(parts[1][1], f'map_values({place})')}))"
    if kind.id == "union":
        own = ((quote(n), nested_sql(k, f"union_extract({place}, {quote(n)})")) for n, k in parts)
        cases = (f"WHEN {tag} THEN json_object({tag}, {value})" for tag, value in own)
        return f"CASE CAST(union_tag({place}) AS VARCHAR) {' '.join(cases)} END"
    values = [nested_sql(k, f"struct_extract_at({place}, {n})") for n, (_, k) in enumerate(parts, 1)]
    if is_unnamed(kind):
        return f"json_array({', '.join(values)})"
    return f"json_object({', '.join(f'{quote(n)}, {v}' for (n, _), v in zip(parts, values, strict=True))})"


def elements_sql(kind: DuckDBPyType, place: str) -> str:
    return f"list_transform({place}, lambda e: {nested_sql(kind, 'e')})"


def list_parts(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    """Names and types of what a value consists of: of a list one, of a map two, none of what is not nested."""
    if kind.id not in NESTED or kind.id == "variant":
        return []
    parts = [(name, part) for name, part in kind.children if isinstance(part, DuckDBPyType)]
    return parts[1:] if kind.id == "union" else parts  # the first is its tag


def is_spelled_by_part(kind: DuckDBPyType) -> bool:
    """`to_json` writes 0.1::FLOAT as 0.10000000149011612, NaN bare, and all parts of ROW(1, 2) under one name."""
    own = kind.id in FLOATS | {"variant"} or is_unnamed(kind)
    return own or any(is_spelled_by_part(part) for _, part in list_parts(kind))


def is_held(kind: DuckDBPyType) -> bool:
    """Whether Parquet has a type for this and all its parts."""
    changed = UNHELD | {"hugeint", "timestamp_s", "timestamp_ms"}
    return kind.id not in changed and not is_unnamed(kind) and all(is_held(part) for _, part in list_parts(kind))


def is_unnamed(kind: DuckDBPyType) -> bool:
    """Whether this is a struct whose parts have no names: ROW(1, 2)."""
    return kind.id == "struct" and any(not name for name, _ in kind.children)


def is_json(kind: DuckDBPyType) -> bool:
    return str(kind) == "JSON"


def as_json_sql(kind: DuckDBPyType, text: str) -> str:
    """JSON for what `as_text_sql` made: numbers keep their digits, and what JSON has no type for is a string."""
    if kind.id in NESTED or is_json(kind):
        return BARE.sub(quote_token, text) if "n" in text or "N" in text or "I" in text else text
    is_raw = kind.id in NUMBERS | {"boolean"} and text not in NAMES
    return text if is_raw else json.dumps(text, ensure_ascii=False)


def quote_token(found: re.Match[str]) -> str:
    """NaN and infinities, which DuckDB's JSON has and JSON has not, as strings."""
    if found[0].startswith('"'):
        return found[0]
    return '"NaN"' if found[2] else f'"{found[1]}Infinity"'
