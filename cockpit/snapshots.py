"""Questions of the page Snapshots: what each version of the lake changed, and by whom.

Rows that a publish *replaced* are those which the same objects, or the same day of a mart, had before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.catalogue import list_snapshots, list_table_ids, read_newest
from cockpit.declared import list_declared
from warehouse.mirror import MIRROR, once_a_snapshot

PAGE = 40
CHANGED = """
    WITH touched AS (
        SELECT * FROM changes WHERE snapshot_id BETWEEN $first AND $last AND list_contains($shown, snapshot_id)
    ),
    own_books AS (
        SELECT snapshot_id, table_name, raw_object FROM books
        WHERE snapshot_id BETWEEN $first AND $last AND list_contains($shown, snapshot_id)
    ),
    objects AS (
        SELECT own.snapshot_id, own.table_name, sum(before.rows_written)::BIGINT AS rows_replaced
        FROM own_books AS own
        ASOF JOIN (FROM books SEMI JOIN own_books USING (raw_object)) AS before
            ON own.table_name = before.table_name AND own.raw_object = before.raw_object
            AND own.snapshot_id > before.snapshot_id
        GROUP BY ALL
    ),
    builds AS (
        SELECT table_name, snapshot_id, coalesce(day, DATE '0001-01-01') AS day FROM inputs
        WHERE list_contains($marts, table_name) AND snapshot_id <= $last
    ),
    own_builds AS (FROM builds WHERE snapshot_id >= $first AND list_contains($shown, snapshot_id)),
    days AS (
        SELECT own.snapshot_id, own.table_name, sum(before.rows_written)::BIGINT AS rows_replaced
        FROM own_builds AS own
        ASOF JOIN (
            SELECT builds.*, rows_written FROM builds SEMI JOIN own_builds USING (table_name, day)
            JOIN (SELECT table_name, snapshot_id, rows_written FROM changes) AS built USING (table_name, snapshot_id)
        ) AS before
            ON own.table_name = before.table_name AND own.day = before.day AND own.snapshot_id > before.snapshot_id
        GROUP BY ALL
    )
    SELECT touched.*, coalesce(objects.rows_replaced, days.rows_replaced, 0) AS rows_replaced
    FROM touched LEFT JOIN objects USING (snapshot_id, table_name) LEFT JOIN days USING (snapshot_id, table_name)
    ORDER BY table_name
"""
PINS = """
    SELECT name, pinned_snapshot_id, reason, pinned_by FROM pins
    QUALIFY row_number() OVER (PARTITION BY name ORDER BY snapshot_id DESC) = 1 AND pinned_snapshot_id IS NOT NULL
    ORDER BY pinned_snapshot_id DESC, name
"""
ACTORS = "SELECT DISTINCT actor FROM publishes ORDER BY actor"
# What DuckLake calls a change, and what people do.
KINDS = (
    (r"merge_adjacent|rewrite|compact", "compaction"),
    (r"inline_flush|flush", "flush"),
    (r"created_|altered_|dropped_", "schema"),
)


@dataclass(frozen=True)
class Change:
    """What a snapshot did to a table."""

    table: str
    rows_written: int | None
    rows_replaced: int | None
    rows_quarantined: int | None


@dataclass(frozen=True)
class Snapshot:
    """A version of the lake. `kind`: publish, or one of KINDS, or other; `pins` are the names that keep it."""

    snapshot: int
    made_at: datetime
    kind: str
    author: str | None
    message: str
    run_id: str | None = None
    changes: list[Change] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Timeline:
    """A page of it; `older` is where the next one begins, if there is one."""

    snapshots: list[Snapshot]
    older: int | None
    newest: int


def find_snapshots(before: int | None, table: str | None, author: str | None) -> Timeline:
    """The newest first, those below `before`; only of an author, or those that touched a table."""
    newest = (read_newest() or (0, None))[0]
    number = list_table_ids().get(table, -1) if table else None
    rows = list_snapshots(before or newest + 1, PAGE + 1, author, number)
    shown = [row["snapshot_id"] for row in rows[:PAGE]]
    changes: dict[int, list[dict[str, Any]]] = {}
    for change in read_changes(shown):
        changes.setdefault(change["snapshot_id"], []).append(change)
    pins: dict[int, list[str]] = {}
    for pin in list_pins():
        pins.setdefault(pin["pinned_snapshot_id"], []).append(pin["name"])
    found = [make_snapshot(row, changes.get(row["snapshot_id"], []), pins) for row in rows[:PAGE]]
    return Timeline(found, shown[-1] if len(rows) > PAGE else None, newest)


def read_changes(shown: Sequence[int]) -> list[dict[str, Any]]:
    marts = [one.address for one in list_declared().values() if one.is_mart]
    if not shown:
        return []
    return MIRROR.ask(CHANGED, {"shown": list(shown), "first": min(shown), "last": max(shown), "marts": marts})


@once_a_snapshot
def list_pins() -> list[dict[str, Any]]:
    """Name, version, reason and who: those that were not taken off."""
    return MIRROR.ask(PINS)


@once_a_snapshot
def list_authors() -> list[str]:
    return [row["actor"] for row in MIRROR.ask(ACTORS)]


def make_snapshot(row: dict[str, Any], changes: list[dict[str, Any]], pins: dict[int, list[str]]) -> Snapshot:
    kind = "publish" if changes else name_kind(row["changes_made"] or "", row["commit_message"] or "")
    return Snapshot(
        snapshot=row["snapshot_id"],
        made_at=row["made_at"],
        kind=kind,
        author=row["author"],
        message=row["commit_message"] or spell_changes(row["changes_made"] or ""),
        run_id=changes[0]["run_id"] if changes else None,
        changes=[
            Change(c["table_name"], c["rows_written"], c["rows_replaced"], c["rows_quarantined"]) for c in changes
        ],
        pins=pins.get(row["snapshot_id"], []),
    )


def name_kind(changes: str, message: str) -> str:
    if message:
        return message.partition(":")[0].partition(" ")[0]
    return next((kind for pattern, kind in KINDS if re.search(pattern, changes)), "other")


def spell_changes(changes: str) -> str:
    """What DuckLake wrote down, with the numbers of tables as their names."""
    names = {str(number): address for address, number in list_table_ids().items()}
    spelled = re.sub(r":(\d+)", lambda found: f" {names.get(found[1], found[1])}", changes).replace('"', "")
    short = ", ".join(part.replace("_", " ", 1).replace(":", " ") for part in spelled.split(",")[:4])
    return short + (f" and {changes.count(',') - 3} more" if changes.count(",") > 3 else "")
