"""Questions of the page of a raw line: the line as it lies in its object, and what became of it."""

import json
from dataclasses import dataclass
from typing import Any

from watershed.cockpit.reading import read_lake
from watershed.declarations import find_source, tables_of
from watershed.declarations.masking import (
    find_hidden,
    hide_quoted,
    is_hidden,
    mask_quarantined,
    mask_record,
    mask_text,
    mask_word,
)
from watershed.declarations.roles import Role
from watershed.declarations.table import Source, Table
from watershed.errors import NotFound
from watershed.flows.upkeep.trace import RawLine, find_line
from watershed.serving.role_rows import explain_partial
from watershed.warehouse.ledger.cache import MIRROR

BOOKS = """
    SELECT table_name, snapshot_id, run_id, rows_read, rows_written, rows_quarantined FROM books
    WHERE raw_object = ? ORDER BY snapshot_id DESC, table_name LIMIT 20
"""
DEPARTED = """
    SELECT kind, d.reason AS why, decided_by, decided_at, o.snapshot_id FROM departures AS left_so
    JOIN outcomes AS o USING (run_id, snapshot_id) JOIN decisions AS d USING (decision_id)
    WHERE raw_object = $key AND len(list_filter(
        CAST(lines_json AS BIGINT[][]), lambda stretch: $line BETWEEN stretch[1] AND stretch[2]
    )) > 0
    ORDER BY o.snapshot_id
"""
REFUSED = "SELECT reason, refused_at, left_by, left_because FROM open_refusals WHERE raw_object = ?"
MOST = 5  # rows of one line in one table, as of a history


@dataclass(frozen=True)
class LineOutcome:
    """A row that was made of the line; or one of a quarantine, with the `reason`."""

    address: str
    fields: dict[str, Any]
    reason: str = ""


@dataclass(frozen=True)
class Shown:
    """A raw line as a page shows it: `text` with what the role does not see masked. `decisions`: those by which it
    has left a quarantine; `refusal`: why its object is refused, if it is."""

    line: RawLine
    source: Source
    text: str | None
    is_masked: bool
    outcomes: list[LineOutcome]
    books: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    refusal: dict[str, Any] | None


def read_shown(key: str, number: int, role: Role) -> Shown:
    """Raises NotFound where there is no such object, and where the role sees some rows only of what it feeds."""
    line = find_line(key, number)
    source = find_source(line.object.source)
    tables = tables_of(source)
    if why := explain_partial(role, [table.address for table in tables]):
        raise NotFound(f"{why}: raw lines of {source.name} are not shown")
    is_masked = any(is_hidden(table.name, role) for table in tables)
    outcomes, personal = list_outcomes(tables, key, number, role)
    text = mask_line(line.text, personal) if line.text is not None and is_masked else line.text
    decisions = MIRROR.ask(DEPARTED, {"key": key, "line": number})
    refusal = next(iter(MIRROR.ask(REFUSED, [key])), None)
    return Shown(line, source, text, is_masked, outcomes, MIRROR.ask(BOOKS, [key]), decisions, refusal)


def mask_line(text: str, personal: list[str]) -> str:
    """The line with the personal values of its rows masked; all of it where they are unknown or written otherwise."""
    if not personal or not all(value in text for value in personal):
        return mask_text(text)
    for value in sorted(personal, key=len, reverse=True):
        text = text.replace(value, mask_word(value))
    return text


def list_outcomes(tables: list[Table], key: str, number: int, role: Role) -> tuple[list[LineOutcome], list[str]]:
    """Rows of the line in the tables of its source and in their quarantines; and of the former the values that the role
    does not see."""
    found: list[LineOutcome] = []
    values: list[str] = []
    query = f"SELECT * FROM {{}} WHERE raw_object = ? AND raw_line = ? LIMIT {MOST}"
    with read_lake() as con:
        for table in tables:
            for record in con.execute(query.format(table.address), [key, number]).to_arrow_table().to_pylist():
                personal = find_hidden(table, record, role)
                values += [str(record[name]) for name in personal if record[name] is not None]
                found.append(LineOutcome(table.address, strip_trace(mask_record(record, personal))))
            parked = con.execute(query.format(f"quarantine.{table.name}"), [key, number]).to_arrow_table().to_pylist()
            for row in parked:
                fields = mask_quarantined(table, row["rule"], row["row_json"], role)
                reason = f"{row['rule']}: {hide_quoted(row['reason'])}"
                found.append(LineOutcome(f"quarantine.{table.name}", strip_trace(fields), reason))
    return found, values


def strip_trace(fields: dict[str, Any]) -> dict[str, str]:
    """What there is to read: without where it came from, and without what is empty."""
    kept = {n: v for n, v in fields.items() if n not in ("raw_object", "raw_line") and v is not None}
    return {
        n: json.dumps(v, default=str, ensure_ascii=False) if isinstance(v, list | dict) else str(v)
        for n, v in kept.items()
    }
