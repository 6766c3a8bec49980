"""Questions about what publishes did to a table: runs, books and inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from watershed.cockpit.declared import Declared, find_declared
from watershed.cockpit.questions.partitions import list_partitions
from watershed.cockpit.reading import read_lake
from watershed.declarations.masking import hide_quoted
from watershed.errors import NotFound
from watershed.warehouse.connection import quote
from watershed.warehouse.ledger.cache import MIRROR

PAGE = 50
SAMPLES = 20

RECENT = """
    SELECT * FROM changes WHERE table_name = $table ORDER BY snapshot_id DESC LIMIT $limit
"""
COSTS = """
    WITH own AS (
        SELECT snapshot_id, published_at, rows_written FROM changes
        WHERE table_name = $table ORDER BY snapshot_id DESC LIMIT $limit
    ),
    taken AS (SELECT snapshot_id, sum(object_bytes)::BIGINT AS bytes FROM books WHERE table_name = $table GROUP BY ALL)
    SELECT own.*, bytes, (stage_ms + check_ms + coalesce(publish_ms, 0)) / 1000 AS work_s,
           coalesce(wait_ms, 0) / 1000 AS wait_s
    FROM own
    JOIN (SELECT snapshot_id, stage_ms, check_ms FROM publishes) AS publishes USING (snapshot_id)
    LEFT JOIN (SELECT snapshot_id, wait_ms, publish_ms FROM waits) AS waits USING (snapshot_id)
    LEFT JOIN taken USING (snapshot_id) ORDER BY snapshot_id
"""
OF_DAY = """
    SELECT changes.*, touched.day_rows FROM changes JOIN (
        SELECT snapshot_id, sum(row_count)::BIGINT AS day_rows FROM days
        WHERE table_name = $table AND day = $day GROUP BY ALL
        UNION ALL SELECT snapshot_id, NULL FROM inputs WHERE table_name = $table AND day IS NOT DISTINCT FROM $day
    ) AS touched USING (snapshot_id)
    WHERE table_name = $table ORDER BY snapshot_id DESC LIMIT $limit
"""
BOOKS = """
    SELECT latest_books.*, row_count AS day_rows FROM latest_books JOIN current_days USING (table_name, raw_object)
    WHERE table_name = $table AND day = $day ORDER BY row_count DESC, raw_object LIMIT $limit
"""
BUILT_FROM = """
    SELECT input_snapshot_id FROM latest_builds WHERE table_name = ? AND day IS NOT DISTINCT FROM ?
"""
LAST_CHANGE = """
    SELECT table_name, max(snapshot_id) AS snapshot_id FROM (
        SELECT table_name, snapshot_id FROM days WHERE day = $day OR $day IS NULL
        UNION ALL SELECT table_name, snapshot_id FROM changes WHERE $day IS NULL
    ) WHERE list_contains($tables, table_name) GROUP BY table_name
"""

RUN_BOOKS = "SELECT * FROM books WHERE run_id = ? ORDER BY table_name, rows_read DESC, raw_object LIMIT 200"
RUN_REFUSALS = "SELECT object_name, raw_object, reason FROM refusals WHERE run_id = ? ORDER BY object_name LIMIT 200"


@dataclass(frozen=True)
class Input:
    """A table that a mart's partition was computed from: at which version, and which one changed it last."""

    address: str
    built_from: int | None
    changed_at: int | None
    is_lookup: bool
    has_day: bool

    @property
    def is_newer(self) -> bool:
        return not self.is_lookup and self.changed_at is not None and self.changed_at > (self.built_from or -1)


def list_recent(table: str, limit: int = 12) -> list[dict[str, Any]]:
    """The last publishes of a table: rows of the mirror's `changes`."""
    return MIRROR.ask(RECENT, {"table": table, "limit": limit})


def list_costs(table: str, limit: int = 60) -> list[dict[str, Any]]:
    """Of the last publishes, the latest last: rows written, bytes of the raw objects taken, seconds that staging,
    checking and publishing took (of all tables of the run), and that the run had waited for the lake's lock."""
    return MIRROR.ask(COSTS, {"table": table, "limit": limit})


def list_publishes_of(table: str, day: date | None, limit: int = PAGE) -> list[dict[str, Any]]:
    """Those that changed a partition; `day_rows`: rows that their objects have on the day."""
    return MIRROR.ask(OF_DAY, {"table": table, "day": day, "limit": limit})


def list_books(table: str, day: date) -> list[dict[str, Any]]:
    """The latest books of the objects that a day's rows came from; `day_rows` of each are of the day."""
    return MIRROR.ask(BOOKS, {"table": table, "day": day, "limit": PAGE})


def list_inputs(one: Declared, day: date | None) -> list[Input]:
    """What a mart's partition is computed from, and whether that is what it was."""
    built = MIRROR.ask(BUILT_FROM, [one.address, day])
    built_from = built[0]["input_snapshot_id"] if built else None
    asked = {"day": day, "tables": [*one.inputs, *one.lookups]}
    changed = {row["table_name"]: row["snapshot_id"] for row in MIRROR.ask(LAST_CHANGE, asked)}
    return [
        Input(address, built_from, changed.get(address), address in one.lookups, has_partition(address, day))
        for address in (*one.inputs, *one.lookups)
    ]


def has_partition(address: str, day: date | None) -> bool:
    try:
        return day is not None and find_declared(address).day is not None and day in list_partitions(address)
    except NotFound:
        return False


def list_run_changes(run: str) -> list[dict[str, Any]]:
    """What a run of ours did to each table."""
    query = "SELECT * FROM changes WHERE run_id = ? ORDER BY snapshot_id DESC, table_name LIMIT 200"
    return MIRROR.ask(query, [run])


def list_run_books(run: str) -> list[dict[str, Any]]:
    return MIRROR.ask(RUN_BOOKS, [run])


def list_run_refusals(run: str) -> list[dict[str, Any]]:
    """The objects that a run refused, each with a sentence."""
    return MIRROR.ask(RUN_REFUSALS, [run])


def sample_quarantined(table: str, objects: Sequence[str]) -> list[dict[str, Any]]:
    """Up to SAMPLES rows of these objects in quarantine: rule, reason and where their line is, never the line."""
    if not objects:
        return []
    name = table.partition(".")[2]
    listed = ", ".join(map(quote, objects))
    query = f"""SELECT rule, reason, raw_object, raw_line FROM quarantine.{name}
        WHERE raw_object IN ({listed}) ORDER BY raw_object, raw_line LIMIT {SAMPLES}"""
    with read_lake() as con:
        return [
            {"rule": rule, "reason": hide_quoted(reason), "raw_object": key, "raw_line": line}
            for rule, reason, key, line in con.execute(query).fetchall()
        ]
