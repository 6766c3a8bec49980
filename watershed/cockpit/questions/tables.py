"""Questions of the page Tables: how large, how fresh, how good is each table, and where is it in a list.

A table is *late* when something that arrived waits for longer than its contract promises (`warehouse/freshness.py`, by
the word of the monitor, which alone sees what waits), *stale* when a mart's inputs are newer than it, *empty* when
nothing was ever published to it, *unwatched* while no monitor tells, else *fresh*. A producer may be *silent* too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from watershed.cockpit.declared import Declared, list_declared
from watershed.cockpit.outages import ASKED
from watershed.cockpit.questions.catalogue import Size, read_sizes
from watershed.monitoring.reading import SourceReading
from watershed.warehouse.freshness import Freshness
from watershed.warehouse.ledger.cache import MIRROR, once_a_snapshot
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.staleness import list_stale_days

PAGE = 50
TREND = 30  # publishes
STATES = ("fresh", "late", "stale", "empty", "unwatched")
SORTS = ("address", "owner", "rows", "bytes", "published_at", "quality")
SUMMARY = """
    SELECT table_name, count(*) AS publishes, max(published_at) AS published_at,
           arg_max(checks, snapshot_id) FILTER (checks > 0) AS checks,
           arg_max(checks_passed, snapshot_id) FILTER (checks > 0) AS checks_passed,
           any_value(now.rows_quarantined) AS quarantined,
           any_value(now.rows_quarantined / nullif(now.rows_written + now.rows_quarantined, 0)) AS share
    FROM changes LEFT JOIN table_counts AS now USING (table_name) GROUP BY table_name
"""
TRENDS = """
    SELECT table_name, list_reverse(arg_max(rows_written, snapshot_id, $most)) AS trend FROM changes
    WHERE list_contains($shown, table_name) AND rows_written IS NOT NULL GROUP BY table_name
"""


@dataclass(frozen=True)
class Condition:
    """A table as it is now. `quarantine_share`: of its rows, good and bad, those that are in quarantine.
    `freshness`: None where no monitor tells; `silent`: its sources that have sent nothing for too long."""

    declared: Declared
    size: Size
    publishes: int
    published_at: datetime | None
    checks: int | None
    checks_passed: int | None
    quarantined: int | None
    quarantine_share: float | None
    stale: int

    freshness: Freshness | None = None
    silent: tuple[SourceReading, ...] = ()

    @property
    def state(self) -> str:
        if self.freshness and self.freshness.is_late(utc_now()):
            return "late"
        if self.published_at is None:
            return "empty"
        if self.stale:
            return "stale"
        return "fresh" if self.freshness else "unwatched"

    @property
    def late_by(self) -> timedelta:
        return self.freshness.measure_delay(utc_now()) if self.freshness else timedelta()


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for in the list: words in name, description, owner or tags; a schema; a state; a tag of the
    table or of one of its columns; an order."""

    words: str = ""
    schema: str = ""
    state: str = ""
    tag: str = ""
    sort: str = "address"
    is_descending: bool = False
    page: int = 1

    @property
    def kept(self) -> dict[str, str]:
        """The filters for an address: what another order or page of the same list asks for, too."""
        named = {"q": self.words, "schema": self.schema, "state": self.state, "tag": self.tag}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Found:
    """A page of the list: `count` of all that fit, `trends` of those shown (rows of the last publishes)."""

    shown: list[Condition]
    count: int
    trends: dict[str, list[float]]
    states: dict[str, int]

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def find_tables(wanted: Wanted) -> Found:
    """The page of tables that somebody looks for."""
    words = wanted.words.lower().split()
    known = list_conditions()
    fitting = [
        one
        for one in known.values()
        if all(word in searched_text(one.declared) for word in words)
        and wanted.schema in ("", one.declared.schema)
        and wanted.state in ("", one.state)
        and (not wanted.tag or one.declared.carries(wanted.tag))
    ]
    fitting.sort(key=lambda one: one.declared.address)
    fitting.sort(key=lambda one: rank(one, wanted.sort), reverse=wanted.is_descending)
    shown = fitting[(wanted.page - 1) * PAGE : wanted.page * PAGE]
    counts = {state: sum(one.state == state for one in known.values()) for state in STATES}
    return Found(shown, len(fitting), read_trends([one.declared.address for one in shown]), counts)


def searched_text(one: Declared) -> str:
    return f"{one.address} {one.owner} {one.description} {' '.join(f'#{tag}' for tag in one.tags)}".lower()


def count_tags() -> dict[str, int]:
    """How many tables carry each tag, themselves or in a column."""
    known = list_declared().values()
    tags = {tag for one in known for own in (one.tags, *(c.tags for c in one.columns.values())) for tag in own}
    return {tag: sum(one.carries(tag) for one in known) for tag in sorted(tags)}


def rank(one: Condition, sort: str) -> Any:
    """What a table is ordered by."""
    return {
        "owner": one.declared.owner,
        "rows": one.size.rows,
        "bytes": one.size.bytes,
        "published_at": one.published_at or datetime.min,
        "quality": (-(one.checks_passed or 0) / (one.checks or 1), one.quarantine_share or 0),
    }.get(sort, one.declared.address)


def list_conditions() -> dict[str, Condition]:
    """Every declared table by address: what the ledger knows of it, and what the monitor sees."""
    state = ASKED.find_monitor()
    if state is None or not state.is_answering or state.lake_problem:
        return judge_tables()
    silent = {one.name: one for one in state.sources if one.is_silent}
    return {
        address: replace(
            one,
            freshness=state.tables.get(address),
            silent=tuple(silent[name] for name in one.declared.sources if name in silent),
        )
        for address, one in judge_tables().items()
    }


@once_a_snapshot
def judge_tables() -> dict[str, Condition]:
    """By the ledger alone."""
    summary = {row["table_name"]: row for row in MIRROR.ask(SUMMARY)}
    sizes = read_sizes()
    stale = list_stale()
    return {
        address: judge_table(one, sizes.get(address, Size()), summary.get(address, {}), len(stale.get(address, [])))
        for address, one in list_declared().items()
    }


def judge_table(one: Declared, size: Size, row: dict[str, Any], stale: int) -> Condition:
    return Condition(
        declared=one,
        size=size,
        publishes=row.get("publishes", 0),
        published_at=row.get("published_at", size.changed_at),
        checks=row.get("checks"),
        checks_passed=row.get("checks_passed"),
        quarantined=row.get("quarantined"),
        quarantine_share=row.get("share"),
        stale=stale,
    )


@once_a_snapshot
def list_stale() -> dict[str, list[Any]]:
    """The stale days of every mart that has some; `[None]` for a mart without days."""
    with MIRROR.open() as copy:
        return list_stale_days(copy, list_marts())


def read_trends(shown: list[str]) -> dict[str, list[float]]:
    rows = MIRROR.ask(TRENDS, {"shown": shown, "most": TREND}) if shown else []
    return {row["table_name"]: row["trend"] for row in rows}
