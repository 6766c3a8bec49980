"""What a run has staged, as `stage.json` keeps it for check and publish. This is its one writer and reader."""

from dataclasses import asdict, astuple, dataclass, field
from datetime import datetime
from typing import Any, Self

from watershed.flows.begun import Run
from watershed.flows.step_files import read_step, write_step
from watershed.warehouse.ledger.rows import ExtractionRow

MOMENTS = ("cut_at", "seen_at")  # of an extraction, which JSON keeps as text


@dataclass(frozen=True)
class Tally:
    """Rows of one raw object in one table, each counted once: read = filtered + rejected + deduplicated + written."""

    read: int = 0
    filtered: int = 0
    rejected: int = 0
    deduplicated: int = 0
    written: int = 0

    def __add__(self, more: "Tally") -> "Tally":
        return Tally(*(one + other for one, other in zip(astuple(self), astuple(more), strict=True)))


@dataclass(frozen=True)
class Lateness:
    """Of a batch of events: seconds from the times that they say to their arrival; below 0, a clock is ahead."""

    row_count: int
    late_p50_s: float
    late_p99_s: float
    late_max_s: float
    late_min_s: float


@dataclass(frozen=True)
class StagedTable:
    """What is staged of one table: addresses of its Parquet files and of those of rejected records, `tallies` by raw
    object, and of a stream its `lateness` by batch. `untold`: events of which nobody knows whether they are copies.
    `absent`: of a history, by extraction the columns that it is too old to have."""

    files: list[str] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    lateness: list[Lateness] = field(default_factory=list)
    untold: int = 0
    absent: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> Tally:
        return sum(self.tallies.values(), Tally())

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls(
            told["files"],
            told["rejects"],
            read_tallies(told["tallies"]),
            [Lateness(**one) for one in told.get("lateness", [])],
            told.get("untold", 0),
            told.get("absent", {}),
        )


@dataclass(frozen=True)
class Staged:
    """What a run has staged, by table. `refused`: objects that cannot be read, key to sentence. `fields` of documents:
    path to type to the object where it was first seen. Of histories: the `extractions` in order, the `snapshot` that
    they were folded onto (None: nothing was), the number of the last one `folded` before, and whether all of the
    history was made anew. `ms`: how long it took."""

    tables: dict[str, StagedTable]
    refused: dict[str, str] = field(default_factory=dict)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    extractions: list[ExtractionRow] = field(default_factory=list)
    snapshot: int | None = None
    folded: int = 0
    is_rebuild: bool = False
    ms: int = 0

    def to_json(self) -> dict[str, Any]:
        moments = [{name: getattr(one, name).isoformat() for name in MOMENTS} for one in self.extractions]
        told = [asdict(one) | own for one, own in zip(self.extractions, moments, strict=True)]
        # An engine of 0.1.0 that goes on with the run looks for it there.
        tables = {name: asdict(table) | {"is_rebuild": self.is_rebuild} for name, table in self.tables.items()}
        return asdict(self) | {"extractions": told, "tables": tables}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        own = {name: value for name, value in told.items() if name not in ("version", "tables", "extractions")}
        tables = {name: StagedTable.from_json(one) for name, one in told["tables"].items()}
        moments = [{name: datetime.fromisoformat(one[name]) for name in MOMENTS} for one in told.get("extractions", [])]
        rows = zip(told.get("extractions", []), moments, strict=True)
        return cls(tables, extractions=[ExtractionRow(**one | seen) for one, seen in rows], **own)



def read_tallies(told: dict[str, dict[str, int]]) -> dict[str, Tally]:
    return {key: Tally(**counts) for key, counts in told.items()}


def write_staged(run: Run, staged: Staged) -> None:
    write_step(run, "stage", staged.to_json())


def read_staged(run: Run) -> Staged:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that is not staged."""
    return Staged.from_json(read_step(run, "stage"))
