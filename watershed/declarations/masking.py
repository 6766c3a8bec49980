"""Masking: personal values wherever a row or line is shown to somebody whose role does not see them, so that their
form can be seen and they cannot. In SQL masks are of another kind (warehouse/masks.py).

A letter becomes x or X and a digit 9; what is between them stays. Why a line fits no form is mostly to be seen in that:
a quote that is missing, a field too many, a byte that is not text.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from watershed.declarations import list_tables
from watershed.declarations.roles import NOBODY, Role
from watershed.declarations.table import Table

# What says nothing of anybody: times, escaped bytes, the words of HTTP, names of JSON fields and its three words.
KEPT = r"""
    \d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?
    | \d\d/[A-Z][a-z]{2}/\d{4}(?::\d\d:\d\d:\d\d)? | \b\d\d:\d\d:\d\d\b
    | \\x[0-9a-f]{2}
    | \bHTTP/\d\.\d\b | \b(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)\b
    | "[A-Za-z_][A-Za-z0-9_]*"(?=\s*:) | \b(?:true|false|null)\b
"""
SHOWN = re.compile(rf"(?P<kept>{KEPT})|(?P<hidden>\w+)", re.VERBOSE)

# What DuckDB quotes of a value that fits no column; and a reason in which it does, after the words that open it.
VALUE = re.compile(r"""'.*'|".*"|(?<=with value )\S+|\b\d[\d.]{3,}""", re.DOTALL)
OPENED = "can be made of it: "
QUOTING = re.compile(rf"(?<={OPENED})[^\n]*")


def hide_quoted(text: str) -> str:
    """A reason without values: since long they are masked when it is written, but earlier versions wrote them down."""
    return QUOTING.sub(lambda told: mask_quoted(told[0]), text)


def mask_quoted(text: str) -> str:
    """The form of the values that an error of DuckDB quotes."""
    return VALUE.sub(lambda quoted: mask_text(quoted[0]), text)


def mask_text(text: str) -> str:
    """`anna@b.example said "hi"` becomes `xxxx@x.xxxxxxx xxxx "xx"`; times and the words of HTTP and JSON stay."""
    return SHOWN.sub(lambda match: match["kept"] or mask_word(match["hidden"]), text)


def mask_word(word: str) -> str:
    return "".join("9" if c.isdigit() else "X" if c.isupper() else "x" if c.isalnum() else c for c in word)


def mask_value(value: Any) -> Any:
    """The form of a value; None stays None, since that somebody has no name says nothing of who it is."""
    return None if value is None else mask_word(str(value))


def mask_record(record: Mapping[str, Any], personal: Collection[str]) -> dict[str, Any]:
    """The record with the values of its personal fields masked."""
    return {name: mask_value(value) if name in personal else value for name, value in record.items()}


def mask_quarantined(table: Table, rule: str, row_json: str, role: Role = NOBODY) -> dict[str, Any]:
    """A row of the quarantine of a table, as fields. Of what could not be read the whole line is masked, unless no
    table of its sources has columns that the role does not see."""
    record = json.loads(row_json)
    if rule == "parse":
        is_masked = is_hidden(table.name, role)
        return {name: mask_text(str(text)) for name, text in record.items()} if is_masked else record
    return mask_record(record, find_hidden(table, record, role))


def find_hidden(table: Table, names: Iterable[str], role: Role) -> set[str]:
    """Which columns of rows the role does not see."""
    return {name for name in find_personal(table, names) if not role.sees(table.address, name)}


def find_personal(table: Table, names: Iterable[str]) -> set[str]:
    """Which columns of rows may say something about a person: one that was renamed or retired since may have, too."""
    declared = {column.name: column.personal for column in table.all_columns}
    return {name for name in names if declared.get(name, True)}


def is_personal(name: str) -> bool:
    """Whether any table that shares a source with the one of this name has personal columns."""
    return is_hidden(name, NOBODY)


def is_hidden(name: str, role: Role) -> bool:
    """Whether any table that shares a source with the one of this name has columns that the role does not see."""
    return any(find_hidden(table, table.personal_columns(), role) for table in list_kin(name))


@cache
def list_kin(name: str) -> tuple[Table, ...]:
    """The tables that share a source with the one of this name."""
    sources = {source.name for table in list_tables() if table.name == name for source in table.sources}
    return tuple(table for table in list_tables() if sources & {source.name for source in table.sources})
