"""Values as people read them, spelled by DuckDB itself.

Python and Arrow have no place for some: an infinite time becomes the last day of the year 9999, one before Christ an
error, 24:00 midnight, and the largest numbers others. So what has no certain place there leaves DuckDB as text.
"""

import json
import math
import re
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyRelation

NESTED = {"list", "array", "struct", "map", "union"}
TIMES = {
    "date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone", "time", "time_ns",
    "time with time zone", "interval",
}  # fmt: skip
SPELLED = TIMES | {"blob", "bit", "uuid", "uhugeint"}
UNHELD = {"interval", "time with time zone", "bit", "union", "uhugeint"}  # that Parquet, as Arrow writes it, has not
BARE = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')


def spell_values(relation: DuckDBPyRelation) -> DuckDBPyRelation:
    """The same rows: times, and whatever else Python would change, as DuckDB's text, lists and structs as JSON."""
    return project(relation, [spell_column(kind.id, f"#{n}") for n, kind in enumerate(relation.types, 1)])


def spell_texts(relation: DuckDBPyRelation) -> DuckDBPyRelation:
    """The same rows, every value as a text: lists and structs as JSON."""
    places = ((f"#{n}", kind.id) for n, kind in enumerate(relation.types, 1))
    texts = [f"to_json({place})" if kind in NESTED else place for place, kind in places]
    return project(relation, [f"CAST({text} AS VARCHAR)" for text in texts])


def spell_unheld(relation: DuckDBPyRelation) -> DuckDBPyRelation:
    """The same rows for a Parquet file, as text where it has no such type."""
    places = ((f"#{n}", kind.id) for n, kind in enumerate(relation.types, 1))
    return project(relation, [f"CAST({place} AS VARCHAR)" if kind in UNHELD else place for place, kind in places])


def project(relation: DuckDBPyRelation, values: list[str]) -> DuckDBPyRelation:
    names = ('"' + name.replace('"', '""') + '"' for name in relation.columns)
    return relation.project(", ".join(f"{value} AS {name}" for value, name in zip(values, names, strict=True)))


def spell_column(kind: str, place: str) -> str:
    if kind in NESTED:
        return f"CAST(to_json({place}) AS VARCHAR)"
    return f"CAST({place} AS VARCHAR)" if kind in SPELLED else place


def list_nested(relation: DuckDBPyRelation) -> list[bool]:
    """Which columns `spell_values` makes JSON of."""
    return [kind.id in NESTED for kind in relation.types]


def spell_json(value: Any, is_nested: bool) -> str:
    """A value of `spell_values` as JSON. Numbers keep their digits; what is no number for JSON is a text."""
    if is_nested and value is not None:
        return quote_bare(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float) and not math.isfinite(value):
        value = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return json.dumps(value, ensure_ascii=False)


def quote_bare(text: str) -> str:
    """DuckDB's JSON with NaN and infinities, which JSON does not know, in quotes."""
    return BARE.sub(lambda found: found[0] if found[0].startswith('"') else f'"{found[0]}"', text)
