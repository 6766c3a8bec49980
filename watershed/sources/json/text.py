"""Strict JSON (RFC 8259): read and written again without losing a digit.

Stock `json` turns 0.10 into 0.1 and drops digits that a double cannot hold. Here a number stays the text it was,
between two marks that no text of an accepted document can contain: lone surrogates, which are rejected because UTF-8,
and so Parquet, cannot store them. Of a key that an object repeats, the last value counts, in documents and in messages
(docs/adr/0027).
"""

import json
import re
from typing import Any

MAX_DEPTH = 500
_OPEN, _CLOSE = "\udcfe", "\udcff"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def mark_number(digits: str) -> str:
    return f"{_OPEN}{digits}{_CLOSE}"


def reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


DECODER = json.JSONDecoder(parse_int=mark_number, parse_float=mark_number, parse_constant=reject_constant)
_UNMARKED = json.JSONDecoder(parse_int=str, parse_float=str)
_AS_IS = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True)


def parse_json(text: str) -> Any:
    """The value of a JSON text, numbers marked. Raises ValueError with the reason, as part of a sentence."""
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg.removesuffix(' at')} at character {error.pos + 1}") from None
    verify_value(text, value)
    return value


def settle_json(text: str) -> str:
    """The text itself, or where an object repeats a key, the text with the last value of each. Raises ValueError."""
    value = parse_json(text)
    return write_json(value) if repeats_key(text) else text


def repeats_key(text: str) -> bool:
    """Whether any object of a valid JSON text has a key twice."""
    missing = 0

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal missing
        found = dict(pairs)
        missing += len(pairs) - len(found)
        return found

    json.JSONDecoder(object_pairs_hook=build, parse_int=str, parse_float=str).decode(text)
    return missing > 0


def verify_value(text: str, value: Any) -> None:
    """Raises ValueError for what JSON allows but nothing can store: lone surrogates, and nesting without bounds."""
    if text.count("[") + text.count("{") > MAX_DEPTH and measure_depth(value) > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    if _SURROGATE.search(text) is not None:
        try:
            _AS_IS.encode(_UNMARKED.decode(text)).encode()
        except UnicodeEncodeError:
            raise ValueError("it holds half of a surrogate pair, which is not a character") from None


def measure_depth(value: Any) -> int:
    """How many arrays and objects are around the innermost value, without recursion."""
    deepest, level = 0, [value]
    while level := [child for parent in level if isinstance(parent, dict | list) for child in list_children(parent)]:
        deepest += 1
    return deepest


def list_children(parent: dict[str, Any] | list[Any]) -> list[Any]:
    return list(parent.values()) if isinstance(parent, dict) else parent


def write_json(value: Any, *, canonical: bool = False) -> str:
    """Compact JSON text of a value with marked numbers; `canonical` sorts the keys of every object."""
    text = (_SORTED if canonical else _AS_IS).encode(value)
    return strip_marks(text)


def strip_marks(text: str) -> str:
    """JSON text in which marked numbers are strings, with numbers instead."""
    return text.replace(f'"{_OPEN}', "").replace(f'{_CLOSE}"', "")


def is_number(value: Any) -> bool:
    return isinstance(value, str) and value[:1] == _OPEN


def write_scalar(value: Any) -> str | None:
    """The text of a string or the digits of a number; None for anything else."""
    if not isinstance(value, str):
        return None
    return value[1:-1] if is_number(value) else value
