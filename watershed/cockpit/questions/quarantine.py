"""Questions about quarantine: what is in it and why, what was refused, what people decided about either.

A *reason* here is a sentence in which numbers are N that differ: that a byte is wrong at 42 or at 43 is one reason.
What is in a quarantine is counted once and kept until it changes, because counting reads Parquet files.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from watershed.cockpit.questions.catalogue import Row, Size, read_sizes
from watershed.cockpit.reading import read_lake
from watershed.declarations import find_table, load_streams
from watershed.declarations.counting import count_nouns
from watershed.declarations.masking import hide_quoted, mask_quarantined
from watershed.declarations.roles import Role
from watershed.declarations.table import Table
from watershed.errors import NotFound
from watershed.flows.decisions.decide import About
from watershed.flows.decisions.drop import format_reason
from watershed.warehouse.departures import format_reasons, pattern_sql, sees_reasons, told_sql
from watershed.warehouse.ledger.cache import MIRROR
from watershed.warehouse.publish import read_snapshot

PAGE = 20
SHOWN_LENGTH = 400  # of a line or field: a message may have a megabyte
REASONS = """
    SELECT split_part(raw_object, '/', 2) AS source, rule, {pattern} AS pattern, {told}, raw_object,
           count(*) AS rows
    FROM quarantine.{name} GROUP BY ALL
"""
ARRIVALS = """
    SELECT raw_object, min(arrived_at) AS arrived_at FROM books
    WHERE raw_object IN (SELECT unnest($objects)) GROUP BY raw_object
"""
READ = """
    SELECT split_part(table_name, '.', 2) AS name, sum(rows_written + rows_quarantined)::BIGINT AS rows_judged,
           max(bad_arrived_at) AS last_seen
    FROM table_counts GROUP BY ALL
"""
REFUSED = """
    SELECT source, raw_object, object_name, reason, refused_at, tries, left_by, left_because FROM open_refusals
    ORDER BY left_by IS NOT NULL, refused_at DESC, object_name, raw_object LIMIT $limit OFFSET $offset
"""
REFUSED_FOR = """
    SELECT raw_object, table_name, rule, reason, row_count, samples_json FROM refusal_reasons
    WHERE list_contains($objects, raw_object)
    QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY raw_object)
    ORDER BY table_name, row_count DESC, rule, reason
"""
DECISIONS = """
    SELECT decision_id, kind, subject, about_json, d.reason, decided_by, decided_at, row_count, o.run_id,
           o.snapshot_id AS done_in, b.rows_written, b.rows_quarantined
    FROM decisions AS d
    LEFT JOIN outcomes AS o USING (decision_id)
    LEFT JOIN (
        SELECT run_id, sum(rows_written)::BIGINT AS rows_written, sum(rows_quarantined)::BIGINT AS rows_quarantined
        FROM books GROUP BY run_id
    ) AS b ON b.run_id = o.run_id
    WHERE $subject IN ('', subject) ORDER BY decided_at DESC, decision_id LIMIT $limit OFFSET $offset
"""


@dataclass(frozen=True)
class Reason:
    """Why rows of one source are in a quarantine. `pattern`: by which they leave it; `reason`: as people read it."""

    source: str
    rule: str
    pattern: str
    reason: str
    rows: int
    objects: int
    first_seen: datetime | None
    last_seen: datetime | None

    @property
    def is_streamed(self) -> bool:
        return self.source in load_streams()


@dataclass(frozen=True)
class Parked:
    """What is in the quarantine of a table, as of `snapshot`. `rows_judged`: the rows of that table that were good or
    bad; a source has others, which are not its."""

    table: Table
    rows: int
    rows_judged: int
    reasons: tuple[Reason, ...]
    snapshot: int

    @property
    def address(self) -> str:
        return f"quarantine.{self.table.name}"

    @property
    def share(self) -> float | None:
        return self.rows / self.rows_judged if self.rows_judged else None


def list_quarantines() -> list[Row]:
    """Every quarantine that has rows, the fullest first: `name`, `rows`, `rows_judged`, `share`, `last_seen`."""
    judged = {row["name"]: row for row in MIRROR.ask(READ)}
    nothing = {"rows_judged": 0, "last_seen": None}
    found = []
    for address, size in read_sizes().items():
        schema, _, name = address.partition(".")
        if schema == "quarantine" and size.rows:
            about = judged.get(name, nothing)
            share = size.rows / about["rows_judged"] if about["rows_judged"] else None
            found.append(about | {"name": name, "rows": size.rows, "share": share})
    return sorted(found, key=lambda row: (-row["rows"], row["name"]))


def read_parked(name: str, role: Role) -> Parked:
    """The quarantine of a table called `requests` or `core.requests`, with reasons as the role sees them. Raises
    NotFound."""
    table = find_table(name)
    if table.is_made:
        raise NotFound(f"{table.address} has no quarantine: its checks block a publish, or pass")
    size = read_sizes().get(f"quarantine.{table.name}", Size())
    rows, snapshot = count_reasons(table.name, count_sql(table.name, role), size.rows, size.changed_at)
    judged = next((row["rows_judged"] for row in MIRROR.ask(READ) if row["name"] == table.name), 0)
    reasons = sum_reasons(rows)
    return Parked(table, sum(reason.rows for reason in reasons), judged, reasons, snapshot)


def count_sql(name: str, role: Role) -> str:
    told = told_sql(is_hidden=not sees_reasons(role, name))
    return REASONS.format(name=name, pattern=pattern_sql(role, name), told=told)


@lru_cache(maxsize=512)
def count_reasons(name: str, query: str, size: int, changed_at: datetime | None) -> tuple[tuple[Row, ...], int]:
    """Rows by reason and raw object, and the snapshot that was read. Size and time tell one content from the next."""
    if not size:
        return (), 0
    with read_lake() as con:
        result = con.execute(query)
        names = [column[0] for column in result.description or ()]
        rows = tuple(dict(zip(names, row, strict=True)) for row in result.fetchall())
        return rows, read_snapshot(con)


def sum_reasons(rows: tuple[Row, ...]) -> tuple[Reason, ...]:
    objects = list({row["raw_object"] for row in rows})
    arrivals = {row["raw_object"]: row["arrived_at"] for row in MIRROR.ask(ARRIVALS, {"objects": objects})}
    grouped: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row["source"], row["rule"], row["pattern"]), []).append(row)
    found = [sum_reason(own, arrivals) for own in grouped.values()]
    return tuple(sorted(found, key=lambda one: (-one.rows, one.source, one.rule, one.pattern)))


def sum_reason(rows: list[Row], arrivals: dict[str, datetime]) -> Reason:
    first, seen = rows[0], [arrivals[row["raw_object"]] for row in rows if row["raw_object"] in arrivals]
    return Reason(
        source=first["source"],
        rule=first["rule"],
        pattern=first["pattern"],
        reason=hide_quoted(
            format_reasons(first["reason"], *(row[end] for row in rows for end in ("least", "greatest")))
        ),
        rows=sum(row["rows"] for row in rows),
        objects=len(rows),
        first_seen=min(seen, default=None),
        last_seen=max(seen, default=None),
    )


def sample_rows(parked: Parked, chosen: Reason, page: int, role: Role) -> list[Row]:
    """A page of the rows of one reason: `raw_object`, `raw_line`, `reason`, and `fields` as the role sees them."""
    about = About(chosen.source, rule=chosen.rule, reason=chosen.pattern)
    query = f"""
        SELECT raw_object, raw_line, reason, row_json FROM {parked.address} WHERE {format_reason(about)}
        ORDER BY raw_object, raw_line LIMIT {PAGE} OFFSET {(page - 1) * PAGE}
    """
    with read_lake() as con:
        rows = con.execute(query).fetchall()
    return [
        {
            "raw_object": key,
            "raw_line": line,
            "reason": hide_quoted(reason),
            "fields": show_fields(mask_quarantined(parked.table, chosen.rule, row_json, role)),
        }
        for key, line, reason, row_json in rows
    ]


def show_fields(record: dict[str, Any]) -> dict[str, str]:
    """What a person reads of them: without where it came from, which is beside it, and without what is empty."""
    shown = {name: value for name, value in record.items() if name not in ("raw_object", "raw_line")}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in shown.items()}
    return {
        name: text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}… ({len(text):,} characters)"
        for name, text in texts.items()
        if shown[name] is not None
    }


def list_refused_objects(page: int = 1, size: int = PAGE, *, has_samples: bool = True) -> list[Row]:
    """Objects that are refused and not published since, the latest first, each with its `reasons`, and with rows of
    each if told so."""
    found = MIRROR.ask(REFUSED, {"limit": size, "offset": (page - 1) * size})
    reasons: dict[str, list[Row]] = {}
    for row in MIRROR.ask(REFUSED_FOR, {"objects": [one["raw_object"] for one in found]}):
        samples = json.loads(row["samples_json"]) if has_samples else []
        samples = [one | {"reason": hide_quoted(one["reason"])} for one in samples]
        reasons.setdefault(row["raw_object"], []).append(row | {"samples": samples})
    return [one | {"reasons": reasons.get(one["raw_object"], [])} for one in found]


def list_decisions(subject: str = "", page: int = 1, size: int = PAGE) -> list[Row]:
    """What people decided, the latest first, each with its outcome if it has one and `about` as a few words."""
    rows = MIRROR.ask(DECISIONS, {"subject": subject, "limit": size, "offset": (page - 1) * size})
    return [row | {"about": format_decision(json.loads(row["about_json"]))} for row in rows]


def format_decision(about: dict[str, Any]) -> str:
    if "objects" in about:
        return count_nouns(len(about["objects"]), "refused object")
    if "version" in about:
        return f"to snapshot {about['version']}"
    reason = about.get("sentence") or about.get("reason") or "any reason"
    return f"{count_nouns(about.get('rows', 0), 'row')}: {about['rule']} – {hide_quoted(reason)}"
