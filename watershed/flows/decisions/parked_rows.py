"""What is in quarantine, as somebody asks for it: by table, by reason, and rows of one reason."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from watershed.declarations import find_table, load_tables
from watershed.declarations.masking import hide_quoted, mask_quarantined
from watershed.declarations.roles import Role, read_own_role
from watershed.declarations.table import Table
from watershed.errors import NotFound
from watershed.flows.decisions.decide import About
from watershed.flows.decisions.drop import format_reason
from watershed.flows.ingest.refusal_reasons import shorten
from watershed.warehouse.connection import connect
from watershed.warehouse.departures import format_reasons, pattern_sql, sees_reasons, told_sql
from watershed.warehouse.publish import read_snapshot

REASONS = """
    SELECT split_part(raw_object, '/', 2) AS source, rule, {pattern} AS pattern, count(*) AS row_count,
           count(DISTINCT raw_object) AS objects, {told}
    FROM {address} GROUP BY ALL ORDER BY row_count DESC, source, rule, pattern
"""
ROWS = """
    SELECT raw_object, raw_line, reason, row_json FROM {address} WHERE {condition}
    ORDER BY raw_object, raw_line LIMIT {limit}
"""


@dataclass(frozen=True)
class ParkedReason:
    """Why rows of one source are in the quarantine of a table. `pattern`: the reason, its numbers as N; `reason`: as
    people read it. `snapshot`: the version of the lake in which they were counted."""

    table: Table
    source: str
    rule: str
    pattern: str
    reason: str
    rows: int
    objects: int
    snapshot: int

    @property
    def quarantine(self) -> str:
        return f"quarantine.{self.table.name}"

    @property
    def about(self) -> About:
        """As decisions say which rows they are about."""
        return About(
            source=self.source,
            rule=self.rule,
            reason=self.pattern,
            sentence=self.reason,
            rows=self.rows,
            snapshot=self.snapshot,
        )


def list_parked(name: str | None = None) -> list[ParkedReason]:
    """Of all tables, or of that called `requests`, `core.requests` or `quarantine.requests`; the most rows first.

    Raises NotFound for an unknown table, and for one that has no quarantine.
    """
    role = read_own_role()
    tables = [find_table(name)] if name else [table for table in load_tables().values() if not table.is_made]
    if tables[0].is_made:
        raise NotFound(f"{tables[0].address} has no quarantine: its checks block a publish, or pass")
    with closing(connect(read_only=True)) as con:
        snapshot = read_snapshot(con)
        found = [
            ParkedReason(table, source, rule, pattern, hide_quoted(format_reasons(*told)), rows, objects, snapshot)
            for table in tables
            for source, rule, pattern, rows, objects, *told in con.execute(count_sql(table, role)).fetchall()
        ]
    return sorted(found, key=lambda one: -one.rows)


def count_sql(table: Table, role: Role) -> str:
    told = told_sql(is_hidden=not sees_reasons(role, table.name))
    return REASONS.format(address=f"quarantine.{table.name}", pattern=pattern_sql(role, table.name), told=told)


def sample_parked(one: ParkedReason, limit: int) -> list[tuple[str, int, str, dict[str, str]]]:
    """Raw object, line, reason and fields of some of its rows; personal values are masked."""
    query = ROWS.format(address=one.quarantine, condition=format_reason(one.about), limit=limit)
    with closing(connect(read_only=True)) as con:
        rows = con.execute(query).fetchall()
    return [
        (key, line, shorten(hide_quoted(reason)), show_fields(mask_quarantined(one.table, one.rule, row_json)))
        for key, line, reason, row_json in rows
    ]


def show_fields(record: Mapping[str, object]) -> dict[str, str]:
    """Those that are not empty, without where the row came from."""
    shown = {name: value for name, value in record.items() if name not in ("raw_object", "raw_line")}
    return {name: shorten(str(value)) for name, value in shown.items() if value is not None}
