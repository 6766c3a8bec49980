"""Questions of the page Why: the rows of a table, how a cell of a mart is computed, and the input rows behind it.

Everything is asked as an analyst asks it, in a process that ends with its time limit, in the role of who asks.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from anyio import from_thread

from watershed.cockpit.declared import Declared, list_declared
from watershed.declarations.roles import Role
from watershed.errors import NotFound
from watershed.lineage.columns import list_columns
from watershed.lineage.kept import recall_columns
from watershed.lineage.origins import Lineage
from watershed.lineage.rows import InputRows, find_input_rows
from watershed.serving.sql_pool import DESK
from watershed.serving.trees import parse_condition
from watershed.warehouse.connection import quote
from watershed.warehouse.ledger.cache import MIRROR
from watershed.warehouse.masks import is_key
from watershed.warehouse.schema.marts import Mart, list_marts

PAGE = 50
SAMPLE = 20
TRACED = ("raw_object", "raw_line")
BUILT = """
    SELECT max(input_snapshot_id) AS version FROM latest_builds
    WHERE table_name = $address AND day IS NOT DISTINCT FROM $day
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class CellRows:
    """Rows as dictionaries; `count` of all that there are, up to a million."""

    columns: list[str]
    numbers: set[str]
    rows: list[Row]
    count: int
    error: str = ""


@dataclass(frozen=True)
class Cell:
    """A value of a mart and what it is made of. `version`: of the lake that the mart was computed from."""

    mart: Mart
    key: Row
    column: str
    value: Any
    row: Row
    lineage: Lineage
    version: int | None
    inputs: list[InputRows]

    @property
    def description(self) -> str:
        return next(c.description for c in self.mart.columns if c.name == self.column)


@cache
def list_choices() -> dict[str, Declared]:
    """Tables and marts whose rows can be named: by a key that an address may hold, which a person's name is not."""
    return {address: one for address, one in list_declared().items() if not is_personal_key(one)}


def is_personal_key(one: Declared) -> bool:
    return any(one.columns[name].is_personal and not is_key(name) for name in one.key if name in one.columns)


def find_choice(address: str) -> Declared:
    """Raises NotFound with the tables there are."""
    if (found := list_choices().get(address)) is None:
        raise NotFound(f"there is no table {address!r} to look into; there are {', '.join(sorted(list_choices()))}")
    return found


def read_rows(user: str, role: Role, one: Declared, where: str, page: int) -> CellRows:
    """A page of rows for which a SQL condition holds, in the order of the key."""
    try:
        condition = parse_condition(where.strip() or "true")
    except ValueError as error:
        return CellRows([], set(), [], 0, str(error))
    query = f"SELECT * FROM {one.address} WHERE {condition} ORDER BY {', '.join(one.key)}"
    return ask(user, role, f"{query} LIMIT {PAGE + 1} OFFSET {(page - 1) * PAGE}", PAGE + 1)


def ask(user: str, role: Role, query: str, shown: int) -> CellRows:
    question = {"query": query, "role": role.name, "snapshot": "", "shown": shown}
    found = json.loads(from_thread.run(DESK.ask, user, uuid4().hex, question))
    if "error" in found:
        return CellRows([], set(), [], 0, found["error"])
    columns = [column["name"] for column in found["columns"]]
    rows = [dict(zip(columns, row, strict=True)) for row in found["rows"]]
    numbers = {column["name"] for column in found["columns"] if column["isNumber"]}
    return CellRows(columns, numbers, rows, found["count"])


def key_sql(one: Declared, row: Row) -> str:
    """What identifies a row, for an address."""
    return json.dumps({name: row[name] for name in one.key})


def read_key(one: Declared, text: str) -> Row:
    """Raises NotFound where it is not a key of the table."""
    try:
        key = json.loads(text)
    except ValueError:
        key = None
    if not isinstance(key, dict) or set(key) != set(one.key):
        raise NotFound(f"a row of {one.address} is named by {', '.join(one.key)}: open it from the page of its rows")
    return key


def find_cell(user: str, role: Role, address: str, key_text: str, column: str) -> Cell:
    """Raises NotFound where there is no such mart, row or column."""
    one, mart = find_choice(address), find_mart(address)
    key = read_key(one, key_text)
    conditions = " AND ".join(equal_sql(name, value) for name, value in key.items())
    found = ask(user, role, f"SELECT * FROM {address} WHERE {conditions} LIMIT 1", 1)
    if found.error or not found.rows or column not in found.columns:
        raise NotFound(found.error or f"{address} has no such row or column now: it may have been built again")
    day = read_day(mart, key)
    return Cell(
        mart=mart,
        key=key,
        column=column,
        value=found.rows[0][column],
        row=found.rows[0],
        lineage=recall_columns(address),
        version=MIRROR.ask(BUILT, {"address": address, "day": day})[0]["version"],
        inputs=list_inputs(mart, key, day),
    )


def find_mart(address: str) -> Mart:
    for mart in list_marts():
        if mart.address == address:
            return mart
    raise NotFound(f"{address} is not a mart: its rows come from raw lines, not from rows of other tables")


def read_day(mart: Mart, key: Row) -> date | None:
    """Raises NotFound where it is not a day that the mart may have."""
    if not mart.day or not key.get(mart.day):
        return None
    try:
        return datetime.fromisoformat(str(key[mart.day])).date()
    except ValueError:
        raise NotFound(f"{mart.address} has no day {key[mart.day]!r}: open it from the page of its rows") from None


def list_inputs(mart: Mart, key: Row, day: date | None) -> list[InputRows]:
    named = (mart.day, str(day)) if mart.day and day else None
    return find_input_rows(mart.sql, list_columns(), key, named)


def read_input(user: str, role: Role, cell: Cell, address: str) -> tuple[InputRows, CellRows, str]:
    """The rows of one input behind a cell, as of the version that the mart was computed from; if that has expired,
    as of now. The third says which: a sentence."""
    rows = next((own for own in cell.inputs if own.address == address), None)
    if rows is None or rows.is_macro:
        raise NotFound(f"rows of {address} cannot be followed: it is computed when it is asked")
    at = f" AT (VERSION => {cell.version})" if cell.version is not None and address in list_declared() else ""
    query = f"SELECT * FROM {address}{{at}} WHERE {rows.where}"
    answer = ask(user, role, query.format(at=at), SAMPLE)
    if not answer.error or not at:
        return rows, answer, f"as of snapshot {cell.version}" if at else "as of now"
    when = f"as of now, since snapshot {cell.version} has expired"
    return rows, ask(user, role, query.format(at=""), SAMPLE), when


def choose_columns(cell: Cell, address: str, answer: CellRows) -> list[str]:
    """The columns worth seeing: those that the cell is made of, those that decide about rows; all if there are none."""
    origins = (*cell.lineage.columns[cell.column], *cell.lineage.rows)
    named = {origin.column for origin in origins if origin.address == address}
    shown = [name for name in answer.columns if name in named and name not in TRACED]
    return shown or [name for name in answer.columns if name not in TRACED]


def equal_sql(name: str, value: Any) -> str:
    return f'"{name}" IS NULL' if value is None else f'"{name}" = {quote(str(value))}'
