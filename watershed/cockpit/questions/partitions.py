"""Questions of the partition grid: in which state is each day of a table, and what needs somebody's attention.

*fresh*: it has rows, made of all there is. *stale*: inputs of the mart changed since it was built. *missing*:
a mart's inputs have the day and it has not; or no row of a table has it, though its contract expects some, or, where
that says nothing, days before and after have rows.
*blocked*: an object that names the day was refused. *left*: such objects are all that there is of it, and somebody has
left them refused. *parked* is said of a fresh day whose own objects have rows in
quarantine. Of an object with rows of several days nobody can tell which of them a bad row belongs to: it marks none.
A mart misses a day where all that it is computed from misses it; that is somebody's matter there, not here.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from watershed.cockpit.declared import Declared, find_declared, list_declared
from watershed.cockpit.questions.tables import list_stale
from watershed.declarations import load_sources
from watershed.declarations.rhythm import Rhythm
from watershed.errors import NotFound
from watershed.warehouse.ledger.cache import MIRROR, once_a_snapshot
from watershed.warehouse.ledger.history import utc_now

State = Literal["fresh", "parked", "stale", "missing", "blocked", "left"]
# Days with rows further apart than this have nothing between them that could be missing.
LONGEST_GAP = timedelta(days=31)
NAMED_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?([0-2]\d|3[01])(?!\d)")

# Of all tables at once: a page that says what needs attention asks about each of them.
DAYS = """
    SELECT table_name, day, sum(row_count)::BIGINT AS rows, count(*) AS objects, max(d.snapshot_id) AS snapshot_id,
           sum(rows_quarantined)::BIGINT AS quarantined,
           coalesce(sum(rows_quarantined) FILTER (day_count = 1), 0)::BIGINT AS own_quarantined
    FROM (SELECT *, count(*) OVER (PARTITION BY table_name, raw_object) AS day_count FROM current_days) AS d
    JOIN latest_books USING (table_name, raw_object) GROUP BY ALL
"""
BUILDS = """
    SELECT table_name, day, snapshot_id, rows_written AS rows, 1 AS objects, 0 AS quarantined, 0 AS own_quarantined
    FROM latest_builds JOIN changes USING (table_name, snapshot_id) WHERE day IS NOT NULL
"""
REFUSED = """
    SELECT source, raw_object, object_name, reason, refused_at, left_by FROM open_refusals
    ORDER BY refused_at DESC, object_name, raw_object
"""


@dataclass(frozen=True)
class Partition:
    """A day of a table. `quarantined` counts the bad rows of the objects that it has rows of; `is_inherited`: it is
    missing where it would have come from."""

    day: date
    state: State
    rows: int = 0
    objects: int = 0
    snapshot: int | None = None
    quarantined: int = 0
    why: str = ""
    is_inherited: bool = False

    @property
    def needs_attention(self) -> bool:
        return self.state in ("missing", "stale", "blocked") and not self.is_inherited


@dataclass(frozen=True)
class UnpublishedObject:
    """An object that was refused and is not published. `day`: the one that its name says, if it says any. `left_by`:
    who has left it so."""

    source: str
    raw_object: str
    object_name: str
    reason: str
    refused_at: datetime
    left_by: str | None

    @property
    def day(self) -> date | None:
        return read_named_day(self.object_name)


@once_a_snapshot
def list_partitions(address: str) -> dict[date, Partition]:
    """Every day of a table that has rows, or should have, in order. Empty for one without days."""
    one = find_declared(address)
    if one.day is None:
        return {}
    found = {row["day"]: make_partition(row) for row in read_days(one.is_mart).get(address, [])}
    if one.is_mart:
        found |= {day: mark_stale(day, found.get(day)) for day in list_stale().get(address, []) if day}
        found |= {day: missed for day, missed in list_inherited(one).items() if day not in found}
    elif not one.is_history:
        rhythms = list_rhythms(one)
        expected = list_expected_days(rhythms, sorted(found)) if rhythms else find_missing_days(sorted(found))
        why = NOT_ARRIVED if rhythms else NO_ROWS
        found |= {day: Partition(day, "missing", why=why) for day in expected if day not in found}
    for refusal in sorted(list_all_refused(one), key=lambda r: r.left_by is None):  # what waits for somebody comes last
        if (day := refusal.day) is not None:
            found[day] = mark_refused(day, found.get(day), refusal)
    return dict(sorted(found.items()))


def list_inherited(mart: Declared) -> dict[date, Partition]:
    """Days that all tables that a mart is computed from by day miss."""
    missing = [
        {day for day, one in list_partitions(address).items() if one.state == "missing"}
        for address in mart.inputs
        if address in list_declared() and find_declared(address).day is not None
    ]
    days = set.intersection(*missing) if missing else set()
    why = f"{' and '.join(mart.inputs)} {'misses' if len(mart.inputs) == 1 else 'miss'} this day"
    return {day: Partition(day, "missing", why=why, is_inherited=True) for day in days}


@once_a_snapshot
def read_days(of_marts: bool) -> dict[str, list[dict[str, Any]]]:
    """What there is of each day, by table."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in MIRROR.ask(BUILDS if of_marts else DAYS):
        found.setdefault(row["table_name"], []).append(row)
    return found


NO_ROWS = "No published object has rows of this day, though days before and after have some"


NOT_ARRIVED = "The contract expects data on this day, and no published object has rows of it"


def list_rhythms(one: Declared) -> list[Rhythm]:
    """How often the table's producers send something, of those that have said so."""
    found = (load_sources()[name].rhythm for name in one.sources if name in load_sources())
    return [rhythm for rhythm in found if rhythm]


def list_expected_days(rhythms: list[Rhythm], days: list[date]) -> Iterator[date]:
    """The days since the first with rows of which, by the contracts, something should have come by now."""
    now = utc_now()
    day = days[0] if days else now.date()
    while (day := day + timedelta(days=1)) < now.date():
        over = datetime.combine(day, time()) + timedelta(days=1)
        if any(rhythm.expects_rows(day) and now - over >= rhythm.every for rhythm in rhythms):
            yield day


def make_partition(row: dict[str, Any]) -> Partition:
    state: State = "parked" if row["own_quarantined"] else "fresh"
    return Partition(row["day"], state, row["rows"] or 0, row["objects"], row["snapshot_id"], row["quarantined"])


def mark_stale(day: date, built: Partition | None) -> Partition:
    if built is None:
        return Partition(day, "missing", why="Its inputs have rows of this day, and the mart was never built for it")
    why = "An input changed after it was built"
    return Partition(day, "stale", built.rows, built.objects, built.snapshot, built.quarantined, why)


def mark_refused(day: date, known: Partition | None, refusal: UnpublishedObject) -> Partition:
    why = f"{refusal.object_name} was refused: {refusal.reason}"
    known = known or Partition(day, "left")
    if refusal.left_by is None:
        return replace(known, state="blocked", why=why)
    return known if known.rows else replace(known, state="left", why=f"{refusal.left_by} has left it so: {why}")


def find_missing_days(days: list[date]) -> Iterator[date]:
    """Where no contract says which days are expected: the days without rows inside a stretch that has rows on most of
    its days. A stretch ends at a longer gap.

    Where rows are few and far between, such as old photos, a day without any means nothing.
    """
    for stretch in split_stretches(days):
        length = (stretch[-1] - stretch[0]).days + 1
        if len(stretch) * 2 > length:
            there = set(stretch)
            yield from (day for n in range(length) if (day := stretch[0] + timedelta(days=n)) not in there)


def split_stretches(days: list[date]) -> Iterator[list[date]]:
    stretch: list[date] = []
    for day in days:
        if stretch and day - stretch[-1] > LONGEST_GAP:
            yield stretch
            stretch = []
        stretch.append(day)
    if stretch:
        yield stretch


def list_refused(one: Declared) -> list[UnpublishedObject]:
    """Objects of the table's sources that wait for somebody, the latest first."""
    return [refusal for refusal in list_all_refused(one) if refusal.left_by is None]


def list_all_refused(one: Declared) -> list[UnpublishedObject]:
    """Those that somebody has left refused too."""
    return [refusal for refusal in read_refused() if refusal.source in one.sources]


@once_a_snapshot
def read_refused() -> list[UnpublishedObject]:
    return [UnpublishedObject(**row) for row in MIRROR.ask(REFUSED)]


def read_named_day(name: str) -> date | None:
    """The day in a file's name, such as `watch-2024-03-05-server00.log`."""
    if (found := NAMED_DAY.search(name)) is None:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def find_partition(address: str, day: date) -> Partition:
    """The day's partition. Raises NotFound where the table neither has it nor misses it."""
    if (found := list_partitions(address).get(day)) is None:
        raise NotFound(f"{address} has no rows of {day}, and nothing says that it should: see its calendar")
    return found


@once_a_snapshot
def list_troubled() -> list[tuple[str, dict[str, int], str]]:
    """Tables with days that need attention: address, days by state, and which the newest one is."""
    found = []
    for address, one in list_declared().items():
        days = [p for p in list_partitions(address).values() if p.needs_attention] if one.day else []
        if days:
            counts: Counter[str] = Counter(p.state for p in days)
            found.append((address, dict(counts), f"{days[-1].day}{' and before' if len(days) > 1 else ''}"))
    return found
