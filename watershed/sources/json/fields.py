"""Fields of parsed JSON documents: the known ones taken out, and a list of all there are.

This is done here, at the edge, and not in the transform: taking a key out of a nested document without touching the
digits of its neighbours is nothing that the engines have in common, and no engine's own JSON functions keep the digits.
"""

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from watershed.declarations.fields import LIST_SEPARATOR, Field
from watershed.sources.json.text import is_number, write_scalar

MAX_PATHS, MAX_PATH_LENGTH = 10_000, 500
WRAPPERS = ("$oid", "$uuid", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal")
NUMBER, MILLISECONDS = re.compile(r"-?\d{1,19}(?:\.\d{1,9})?", re.ASCII), re.compile(r"-?\d{1,18}", re.ASCII)
# How many make a second, by the number of digits: 12 are milliseconds from 1973 on, 13 until 2286, and so on.
UNITS = dict.fromkeys(range(1, 12), 1) | {12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}


def take_fields(document: Any, fields: Iterable[Field]) -> tuple[dict[str, str], Any]:
    """What is known of a document (name to text), and the document without the fields that are wholly known.

    A value that does not match its field's grammar, or says again what an earlier field said, stays where it is.
    """
    known: dict[str, str] = {}
    if not isinstance(document, dict):
        return known, document
    for field in fields:
        if field.steps[0] not in document:
            continue
        text = write_value(find_value(document, field.steps))
        match = field.grammar.fullmatch(text) if text is not None else None
        if match is None:
            continue
        found = {name: read_part(name, part) for name, part in match.groupdict().items() if part is not None}
        rest = found.pop("rest", None)
        fresh = {name: part for name, part in found.items() if part is not None and name not in known}
        known |= fresh
        if found and len(fresh) == len(found) and not rest and "[]" not in field.steps:
            document = drop_field(document, field.steps)
    return known, document


def find_value(value: Any, steps: tuple[str, ...]) -> Any:
    """The value at a path, or None; `[]` collects what the elements of a list have at the rest of the path."""
    for number, step in enumerate(steps):
        if step == "[]":
            rest = steps[number + 1 :]
            return [find_value(element, rest) for element in value] if isinstance(value, list) else None
        value = value.get(step) if isinstance(value, dict) else None
    return value


def write_value(value: Any) -> str | None:
    """The text that a grammar sees: of a string, a number or a list of those. None for anything else."""
    is_list = isinstance(value, list)
    texts = [write_scalar(unwrap_value(element)) for element in (value if is_list else [value])]
    if any(text is None or LIST_SEPARATOR in text for text in texts):
        return None
    return "".join(f"{text}{LIST_SEPARATOR}" if is_list else str(text) for text in texts)


def unwrap_value(value: Any) -> Any:
    """What is inside a wrapper of MongoDB's Extended JSON, such as `{"$oid": "6545..."}`. A number in `{"$date": ...}`
    is one of milliseconds."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    [(name, inner)] = value.items()
    if name in WRAPPERS and isinstance(inner, str):
        return inner
    text = write_scalar(unwrap_value(inner)) if name == "$date" else None
    if text is None or (is_number(inner) and MILLISECONDS.fullmatch(text) is None):
        return value
    return format_epoch(Decimal(text) / 1000) if MILLISECONDS.fullmatch(text) else text


def read_part(name: str, text: str) -> str | None:
    return read_moment(text) if name.endswith("_at") else text


def read_moment(text: str) -> str | None:
    """`2003:12:14 12:01:44`, ISO 8601 or a number since 1970 as `2003-12-14 12:01:44` in UTC; None for no moment."""
    if NUMBER.fullmatch(text):
        unit = UNITS.get(len(text.lstrip("-").partition(".")[0]))
        return None if unit is None else format_epoch(Decimal(text) / unit)
    try:
        moment = datetime.fromisoformat(text[:10].replace(":", "-") + text[10:].replace(" ", "T", 1).replace(" ", ""))
        return str(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)
    except (ValueError, OverflowError):
        return None


def format_epoch(seconds: Decimal) -> str | None:
    """The moment so many seconds after 1970 began, in whole microseconds; None where it has no year of four digits."""
    try:
        return str(datetime(1970, 1, 1) + timedelta(microseconds=math.floor(seconds * 1_000_000)))
    except OverflowError:
        return None


def drop_field(document: dict[str, Any], steps: tuple[str, ...]) -> dict[str, Any]:
    """The document without one field, nor the objects around it that this leaves empty. The original stays as it is."""
    step, rest = steps[0], steps[1:]
    inner = drop_field(document[step], rest) if rest else {}
    others = {key: value for key, value in document.items() if key != step}
    return {key: inner if key == step else document[key] for key in document} if inner else others


def find_leaf_fields(records: pa.Table, known: dict[str, dict[str, str]] | None = None) -> dict[str, dict[str, str]]:
    """Every path to a leaf in the records' documents: `{path: {JSON type: raw object where it was first seen}}`.

    Elements of an array are `[]`, an empty object or array is a leaf of its own. Integers and other numbers are told
    apart. `known` is extended and returned, so that one dictionary can go through all slices of a run; documents that
    invent keys (an id as a key) stop adding paths at MAX_PATHS.
    """
    paths = {} if known is None else known
    columns = (records[name].to_pylist() for name in ("raw_object", "line", "problem"))
    for raw_object, line, problem in zip(*columns, strict=True):
        if problem is None:
            for whole_path, kind in walk_leaves(_DECODER.decode(line)):
                path = whole_path[:MAX_PATH_LENGTH]
                if path in paths or len(paths) < MAX_PATHS:
                    paths.setdefault(path, {}).setdefault(kind, raw_object)
    return paths


_DECODER = json.JSONDecoder(parse_int=lambda digits: 0)  # Python's own refuses integers of 4,300 digits
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def walk_leaves(document: Any) -> Iterable[tuple[str, str]]:
    """Path and JSON type of every leaf; the path of a document that is itself a leaf is empty."""
    waiting = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            if not value:
                yield path, "object"
            waiting.extend((f"{path}.{write_key(key)}" if path else write_key(key), v) for key, v in value.items())
        elif isinstance(value, list):
            if not value:
                yield path, "array"
            waiting.extend((f"{path}[]", element) for element in value)
        else:
            yield path, _TYPES[type(value)]


def write_key(key: str) -> str:
    """A key as part of a path: control characters escaped, since the ledger's database has no place for all of them."""
    return key[:100] if key.isprintable() else json.dumps(key[:100], ensure_ascii=False)[1:-1]
