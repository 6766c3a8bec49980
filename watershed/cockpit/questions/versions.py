"""Questions to DuckLake's catalogue about its snapshots: which there are, of what kind, by whom.

There may be very many: a page of them is found by number, and nothing is counted.
"""

from dataclasses import dataclass
from datetime import date

from watershed.cockpit.moments import find_end
from watershed.cockpit.questions.catalogue import Row, ask_catalogue, list_all_ids
from watershed.errors import NotFound
from watershed.warehouse.ledger.cache import once_a_snapshot
from watershed.warehouse.ledger.history import name_quarantine

# What people and runs wrote, and where nobody wrote anything what DuckLake calls the change.
KIND = """
    CASE
        WHEN commit_message LIKE 'publish %%' THEN 'publish'
        WHEN commit_message LIKE 'decide %%' OR commit_message LIKE 'decision %%' THEN 'decision'
        WHEN commit_message LIKE 'drop %%' THEN 'drop'
        WHEN commit_message LIKE 'alert:%%' OR commit_message LIKE 'snooze %%' THEN 'alert'
        WHEN commit_message LIKE 'comment on %%' OR commit_message LIKE 'withdraw a comment %%' THEN 'comment'
        WHEN commit_message ~ '^(save a|change the|delete the) question' THEN 'question'
        WHEN commit_message LIKE 'pin %%' OR commit_message LIKE 'take off the pin %%' THEN 'pin'
        WHEN commit_message LIKE 'follow the contracts%%' THEN 'schema'
        WHEN changes_made ~ 'merge_adjacent|rewrite_delete|compacted' THEN 'compaction'
        WHEN changes_made ~ 'inline_flush|flushed_inlined' THEN 'flush'
        WHEN changes_made ~ 'created_|altered_|dropped_' THEN 'schema'
        ELSE 'other'
    END
"""
KINDS = ("publish", "decision", "drop", "alert", "comment", "question", "pin", "schema", "compaction", "flush", "other")
UPKEEP = ("compaction", "flush")
FOUND = f"""
    SELECT * FROM (
        SELECT snapshot_id, snapshot_time AT TIME ZONE 'UTC' AS made_at, changes_made, author, commit_message,
               {KIND} AS kind
        FROM ducklake_snapshot JOIN ducklake_snapshot_changes USING (snapshot_id)
    ) AS found
    WHERE {{conditions}} ORDER BY snapshot_id {{order}} LIMIT %(limit)s
"""
CONDITIONS = {
    "before": "snapshot_id < %(before)s",
    "after": "snapshot_id > %(after)s",
    "until": "made_at < %(until)s",
    "author": "author = %(author)s",
    "kind": "kind = %(kind)s",
    "touched": "changes_made ~ %(touched)s",
    "hidden": "kind <> ALL(%(hidden)s)",
}
ENDS = "SELECT min(snapshot_id) AS oldest, max(snapshot_id) AS newest FROM ducklake_snapshot"


@dataclass(frozen=True)
class Sought:
    """Which snapshots somebody looks for: below or above a number, not after a day of a time zone, by whom, of a kind,
    that touched a table or its quarantine; with or without upkeep."""

    before: int | None = None
    after: int | None = None
    until: date | None = None
    table: str = ""
    author: str = ""
    kind: str = ""
    hides_upkeep: bool = False
    zone: str = "UTC"

    @property
    def kept(self) -> dict[str, str]:
        """The filters for an address: what another page of the same list asks for, too."""
        named = {"table": self.table, "author": self.author, "kind": self.kind}
        if self.until is not None:
            named |= {"until": str(self.until), "zone": self.zone}
        if not self.hides_upkeep:
            named["upkeep"] = "shown"
        return {name: value for name, value in named.items() if value}


def list_snapshots(sought: Sought, limit: int) -> list[Row]:
    """The newest first: `snapshot_id`, `made_at`, `changes_made`, `author`, `commit_message`, `kind`.

    With `after` those right above that number. Raises InvalidInput for a zone that is none.
    """
    known = list_all_ids()
    ids = [*known.get(sought.table, (-1,)), *known.get(name_quarantine(sought.table), ())]
    asked = {
        "before": sought.before,
        "after": sought.after,
        "until": sought.until and find_end(sought.until, sought.zone),
        "author": sought.author or None,
        "kind": sought.kind or None,
        "touched": f":({'|'.join(map(str, ids))})(,|$)" if sought.table else None,
        "hidden": list(UPKEEP) if sought.hides_upkeep and sought.kind not in UPKEEP else None,
    }
    conditions = [condition for name, condition in CONDITIONS.items() if asked[name] is not None] or ["true"]
    order = "DESC" if sought.after is None else "ASC"
    query = FOUND.format(conditions=" AND ".join(conditions), order=order)
    return sorted(ask_catalogue(query, asked | {"limit": limit}), key=lambda row: -row["snapshot_id"])


def find_version(number: int) -> Row:
    """Raises NotFound when it has expired, or never was."""
    found = list_snapshots(Sought(before=number + 1, after=number - 1), 1)
    if not found:
        raise NotFound(f"Snapshot {number} is not in the lake (any more): the page Snapshots lists those there are")
    return found[0]


def read_ends() -> tuple[int, int]:
    """The oldest snapshot that has not expired, and the newest; 0 before the lake has any."""
    row = ask_catalogue(ENDS)[0]
    return row["oldest"] or 0, row["newest"] or 0


@once_a_snapshot
def list_authors() -> list[str]:
    query = "SELECT DISTINCT author FROM ducklake_snapshot_changes WHERE author IS NOT NULL ORDER BY author"
    return [row["author"] for row in ask_catalogue(query)]
