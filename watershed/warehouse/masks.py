"""Masks: what a role that may not see a personal value sees in its place, as SQL.

Equal values have equal masks, in every table and at every time, so that masked rows can still be joined, grouped and
counted. A mask is a hash with a key that nobody can ask for: without it all likely values could be tried. The key is a
row of a table, never a text in a statement, since EXPLAIN shows those.

By type: a text becomes `masked-` and 16 hexadecimal digits, a key (`..._id`) a whole number below 2**52, which JSON and
spreadsheets hold exactly; of dates and times the year is left; anything else, whose mask could be mistaken for a value,
becomes null. A stamp keeps the version and time that it begins with: views compare stamps, and have to find the same
one greatest whoever asks.
"""

import re
from collections.abc import Mapping

from watershed.declarations import load_tables
from watershed.declarations.masking import OPENED, is_personal
from watershed.declarations.table import Table
from watershed.warehouse.connection import quote

KEY = '"secret"."value"'  # a column that every masking query has beside those of the table
TEXTS = ("varchar",)
WHOLE = re.compile(r"u?(?:int(?:8|16|32|64|128)|tinyint|smallint|integer|bigint|hugeint)")
MOMENT = re.compile(r"date|timestamp.*")
STAMP = re.compile(r"(?:\w+_)?stamp")
ORDERED = r"^[0-9]{20}\|[-0-9T:.]+\|"  # what a stamp of an event begins with; the device's name comes behind
HIDDEN = "(masked)"
# DuckDB's own words about a value that fits no column, which quote it (flows/ingest/failing_rows.py masks them since).
QUOTED = rf"({OPENED})[^\n]*"
QUOTED_IN_JSON = rf'({OPENED})(?:[^"\\]|\\.)*'


def mask_sql(column: str, name: str, kind: str) -> str:
    """The mask of a column: `column` as SQL, its name, and its type as DuckDB or DuckLake spells it."""
    kind = kind.lower()
    if kind in TEXTS:
        return stamp_sql(column) if STAMP.fullmatch(name) else text_sql(column)
    if WHOLE.fullmatch(kind) and is_key(name):
        return number_sql(column)
    if MOMENT.fullmatch(kind):
        return f"CAST(date_trunc('year', {column}) AS {kind})"
    return "NULL"


def describe_mask(name: str, kind: str) -> str:
    """In words, for people. `kind` as Arrow spells it; empty where only the lake knows it."""
    if not kind:
        return "a number" if is_key(name) else "by its type"
    if kind == "string":
        return "a text after its version and time" if STAMP.fullmatch(name) else "a text"
    if WHOLE.fullmatch(kind) and is_key(name):
        return "a number"
    return "its year" if MOMENT.fullmatch(kind) else "nothing"


def is_key(name: str) -> bool:
    return name.endswith("_id") or name == "id"


def text_sql(value: str) -> str:
    return f"'masked-' || md5({KEY} || {value})[:16]"


def stamp_sql(value: str) -> str:
    return f"regexp_extract({value}, {quote(ORDERED)}) || {text_sql(value)}"


def number_sql(value: str) -> str:
    return f"CAST(md5_number({KEY} || CAST({value} AS VARCHAR)) >> 76 AS BIGINT)"


def reason_sql(column: str) -> str:
    """A reason for a quarantine or a refusal, without what it quotes of a value."""
    return f"regexp_replace({column}, {quote(QUOTED)}, {quote(chr(92) + '1' + HIDDEN)}, 'g')"


def told_sql(column: str) -> str:
    """JSON that may hold such reasons, without what they quote."""
    return f"regexp_replace({column}, {quote(QUOTED_IN_JSON)}, {quote(chr(92) + '1' + HIDDEN)}, 'g')"


def parked_sql(name: str, column: str, rule: str, shown: Mapping[str, bool]) -> str:
    """`row_json` of the quarantine of the table called `name`, as JSON: of the columns in `shown` the values, masked
    where that says so; others are left out. What could not be read is hidden as a whole, unless nothing of its sources
    is personal."""
    table = load_tables().get(name)
    if table is None:
        return f"CASE WHEN {column} IS NOT NULL THEN {quote(HIDDEN)} END"
    unread = f"CAST(json_object('line', {quote(HIDDEN)}) AS VARCHAR)" if is_personal(table.name) else column
    fields = ", ".join(field_sql(table, column, field, is_shown) for field, is_shown in shown.items())
    read = f"CASE WHEN json_valid({column}) THEN CAST(json_object({fields}) AS VARCHAR) END"
    return f"CASE WHEN {rule} = 'parse' THEN {unread} ELSE {read} END"


def field_sql(table: Table, column: str, name: str, is_shown: bool) -> str:
    path = quote(f'$."{name}"')
    if is_shown:
        return f"{quote(name)}, json_extract({column}, {path})"
    kinds = {c.name: "bigint" if is_key(c.name) and "int" in str(c.type) else "varchar" for c in table.all_columns}
    return f"{quote(name)}, {mask_sql(f'json_extract_string({column}, {path})', name, kinds[name])}"
