"""What the check of a table has left, as `check_<table>.json` keeps it for the publish. Its one writer and reader."""

from collections.abc import Container
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple, Self

from watershed.declarations.table import Table
from watershed.flows.begun import Run
from watershed.flows.staged import Tally, read_tallies
from watershed.flows.step_files import read_step, write_step
from watershed.quality.verdict import RuleResult


class DayCount(NamedTuple):
    """How many rows of a raw object are of one day."""

    raw_object: str
    day: date
    row_count: int


@dataclass(frozen=True)
class Checked:
    """Of one table: addresses of the files that hold its good rows, and of those for the `quarantine`. By raw object:
    the `tallies` of staging, and how many rows are `written` and `quarantined`. `blocked`: sentences, empty where
    nothing blocks. `ms`: how long it took."""

    files: list[str]
    quarantine: list[str]
    tallies: dict[str, Tally]
    written: dict[str, int]
    quarantined: dict[str, int]
    days: list[DayCount]
    checks: list[RuleResult]
    blocked: str
    ms: int

    def holds(self, objects: Container[str]) -> bool:
        """Whether some row, good or bad, is of one of these raw objects."""
        return any(key in objects for key in (*self.written, *self.quarantined))

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"days": [(key, day.isoformat(), rows) for key, day, rows in self.days]}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        own = {name: value for name, value in told.items() if name != "version"}
        own["tallies"] = read_tallies(told["tallies"])
        own["days"] = [DayCount(key, date.fromisoformat(day), rows) for key, day, rows in told["days"]]
        own["checks"] = [RuleResult(**one) for one in told["checks"]]
        return cls(**own)


def write_checked(run: Run, table: Table, checked: Checked) -> None:
    write_step(run, f"check_{table.name}", checked.to_json())


def read_checked(run: Run, table: Table) -> Checked:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a table that is not checked."""
    return Checked.from_json(read_step(run, f"check_{table.name}"))
