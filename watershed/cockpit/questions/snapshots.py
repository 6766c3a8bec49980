"""Questions of the page Snapshots: what each version of the lake changed, by how many rows, and by whom."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from watershed.cockpit.questions.catalogue import list_all_ids
from watershed.cockpit.questions.versions import Sought, find_version, list_snapshots, read_ends
from watershed.warehouse.ledger.cache import MIRROR, once_a_snapshot

PAGE = 40
EMPTY = " into "  # what a message ended in, without the tables, where none had changed
# Of publishes before rows were counted the ledger knows what they wrote, and not what that replaced.
CHANGED = """
    SELECT snapshot_id, table_name, rows_inserted, rows_deleted FROM row_changes
    WHERE list_contains($shown, snapshot_id)
    UNION ALL
    SELECT snapshot_id, table_name, rows_written, NULL FROM changes ANTI JOIN row_changes USING (snapshot_id)
    WHERE list_contains($shown, snapshot_id) AND rows_written > 0
    ORDER BY snapshot_id, table_name
"""
RUNS = "SELECT snapshot_id, run_id, published_at FROM publishes WHERE list_contains($shown, snapshot_id)"
PINS = """
    SELECT name, pinned_snapshot_id, reason, pinned_by FROM current_pins ORDER BY pinned_snapshot_id DESC, name
"""
DECIDED = """
    SELECT kind, subject, d.reason, decided_by, decided_at, d.snapshot_id = $snapshot AS is_recorded, row_count
    FROM decisions AS d LEFT JOIN outcomes AS o USING (decision_id)
    WHERE $snapshot IN (d.snapshot_id, o.snapshot_id)
"""
BOOKS = """
    SELECT * FROM books WHERE snapshot_id = ? ORDER BY table_name, rows_read DESC, raw_object LIMIT 200
"""


@dataclass(frozen=True)
class Change:
    """What a snapshot did to a table: rows that came, and rows that went or were replaced (None: not known)."""

    table: str
    rows_inserted: int
    rows_deleted: int | None


@dataclass(frozen=True)
class Snapshot:
    """A version of the lake; `kind` is one of cockpit.versions.KINDS, `pins` are the names that keep it."""

    snapshot: int
    made_at: datetime
    kind: str
    author: str | None
    message: str
    run_id: str | None
    changes: list[Change]
    pins: list[str]


@dataclass(frozen=True)
class Timeline:
    """A page of it; `older` and `newer` are where the pages beside it begin, if there are any."""

    snapshots: list[Snapshot]
    older: int | None
    newer: int | None
    oldest: int
    newest: int


def find_snapshots(sought: Sought) -> Timeline:
    """The newest first of those that are looked for. The first page ends at the version that is the newest when it is
    made, however many follow meanwhile."""
    oldest, newest = read_ends()
    is_first = sought.before is None and sought.after is None
    found = describe_snapshots(list_snapshots(replace(sought, before=newest + 1) if is_first else sought, PAGE))
    older = newer = None
    if found and list_snapshots(replace(sought, after=None, before=found[-1].snapshot), 1):
        older = found[-1].snapshot
    if found and not is_first and list_snapshots(replace(sought, before=None, after=found[0].snapshot), 1):
        newer = found[0].snapshot
    return Timeline(found, older, newer, oldest, newest)


def find_snapshot(number: int) -> Snapshot:
    """Raises NotFound when it has expired, or never was."""
    return describe_snapshots([find_version(number)])[0]


def describe_snapshots(rows: Sequence[dict[str, Any]]) -> list[Snapshot]:
    shown = [row["snapshot_id"] for row in rows]
    if shown and max(shown) > MIRROR.snapshot:
        MIRROR.refresh()
    changes: dict[int, list[Change]] = {}
    for c in MIRROR.ask(CHANGED, {"shown": shown}):
        own = changes.setdefault(c["snapshot_id"], [])
        own.append(Change(c["table_name"], c["rows_inserted"], c["rows_deleted"]))
    runs = {row["snapshot_id"]: row for row in MIRROR.ask(RUNS, {"shown": shown})}
    pins: dict[int, list[str]] = {}
    for pin in list_pins():
        pins.setdefault(pin["pinned_snapshot_id"], []).append(pin["name"])
    return [
        Snapshot(
            snapshot=row["snapshot_id"],
            made_at=runs.get(row["snapshot_id"], {}).get("published_at") or row["made_at"],  # as the ledger has it
            kind=row["kind"],
            author=row["author"],
            message=(row["commit_message"] or "").removesuffix(EMPTY) or format_changes(row["changes_made"] or ""),
            run_id=runs.get(row["snapshot_id"], {}).get("run_id"),
            changes=changes.get(row["snapshot_id"], []),
            pins=pins.get(row["snapshot_id"], []),
        )
        for row in rows
    ]


def list_decided(number: int) -> list[dict[str, Any]]:
    """The decisions that a snapshot recorded or carried out."""
    return MIRROR.ask(DECIDED, {"snapshot": number})


def list_books_of(number: int) -> list[dict[str, Any]]:
    """The books of the raw objects that a snapshot published."""
    return MIRROR.ask(BOOKS, [number])


@once_a_snapshot
def list_pins() -> list[dict[str, Any]]:
    """Name, version, reason and who: those that were not taken off."""
    return MIRROR.ask(PINS)


def format_changes(changes: str) -> str:
    """What DuckLake wrote down, with the numbers of tables as their names."""
    names = {str(number): address for address, ids in list_all_ids().items() for number in ids}
    spelled = re.sub(r":(\d+)", lambda found: f" {names.get(found[1], found[1])}", changes).replace('"', "")
    short = ", ".join(part.replace("_", " ", 1).replace(":", " ") for part in spelled.split(",")[:4])
    return short + (f" and {changes.count(',') - 3} more" if changes.count(",") > 3 else "")
