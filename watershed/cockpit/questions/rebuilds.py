"""The runs that build days of a table again, one or many, and what the buttons that start them say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from watershed.cockpit.declared import Declared
from watershed.cockpit.questions.partitions import Partition, list_partitions
from watershed.errors import NotFound
from watershed.warehouse.ledger.cache import MIRROR

MOST_DAYS = 400  # at a time: the runs wait in Airflow, where others wait too
SOURCES = """
    SELECT DISTINCT day, source FROM current_days JOIN latest_books USING (table_name, raw_object)
    WHERE table_name = $table AND list_contains($days, day) ORDER BY ALL
"""


@dataclass(frozen=True)
class Rebuild:
    """A run that somebody may start. `key`: its partition key, a day; empty for one that takes what has arrived."""

    dag: str
    conf: dict[str, object]
    key: str
    says: str


@dataclass(frozen=True)
class RebuildPlan:
    """The runs for some days, the oldest first, and the days for which there is nothing to run."""

    runs: list[Rebuild]
    idle: list[date]

    @property
    def dags(self) -> list[str]:
        return sorted({run.dag for run in self.runs})


def plan_rebuilds(one: Declared, days: Sequence[date]) -> RebuildPlan:
    """Each run once, though several days may need it. Raises NotFound for too many days, or what has none."""
    if one.day is None:
        raise NotFound(f"{one.address} has no days: it is built again as a whole")
    if len(days) > MOST_DAYS:
        raise NotFound(f"{len(days)} days are more than {MOST_DAYS} at a time: choose fewer")
    partitions, sources = list_partitions(one.address), read_sources(one, days)
    runs: dict[tuple[str, str], Rebuild] = {}
    idle = []
    for day in sorted(set(days)):
        known = partitions.get(day)
        own = list_rebuilds(one, known, str(day), sources.get(day, [])) if known else []
        runs |= {(run.dag, run.key): run for run in own}
        idle += [] if own else [day]
    return RebuildPlan(list(runs.values()), idle)


def read_sources(one: Declared, days: Sequence[date]) -> dict[date, list[str]]:
    """The sources whose objects have rows of a day now."""
    found: dict[date, list[str]] = {}
    if not one.is_mart:
        for row in MIRROR.ask(SOURCES, {"table": one.address, "days": list(days)}):
            found.setdefault(row["day"], []).append(row["source"])
    return found


def list_rebuilds(one: Declared, partition: Partition | None, key: str, sources: Sequence[str]) -> list[Rebuild]:
    """For one partition; `sources` are those that it has rows of."""
    if one.is_mart:
        needs_force = partition is None or not partition.needs_attention
        return [Rebuild("build_marts", {"force": needs_force}, key, "Rebuild")]
    if not one.sources or one.is_live or partition is None:
        return []
    if partition.state in ("missing", "blocked") and not partition.rows:
        return [Rebuild(dag, {}, "", f"Take what has arrived ({dag})") for dag in one.dag_ids]
    return [Rebuild(f"ingest_{source}", {}, key, f"Rebuild from raw ({source})") for source in sources]
