"""What a run has taken, as `land.json` keeps it for the steps that follow. This is its one writer and reader."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple, Self

from watershed.declarations import find_source, find_table, tables_of
from watershed.declarations.table import Layer, Source, Table
from watershed.flows.begun import Run
from watershed.flows.step_files import read_step, write_step
from watershed.warehouse.ledger.rows import OffsetRow


class MeasuredContent(NamedTuple):
    """What is inside an object, unpacked: its bytes and their SHA-256, and that of its head; None: not measured."""

    content_bytes: int | None
    content_sha256: str | None
    head_sha256: str | None


@dataclass(frozen=True)
class Decided:
    """The decision that a run carries out. `row_count`: rows that it is about, None where the publish counts them."""

    decision_id: str
    decided_by: str
    reason: str
    row_count: int | None = None


@dataclass(frozen=True)
class ParkedMessages:
    """Messages that a replay takes out of quarantine: the address of a file that lists them, and their tables."""

    file: str
    tables: list[str]


@dataclass(frozen=True)
class Settled:
    """`objects` to stage; `superseded` ones, key to key of what takes their place; `forks` to refuse, key to sentence;
    `contents` by key. `snapshot`: the one that this was true in, None where objects are not compared."""

    objects: list[str]
    superseded: dict[str, str] = field(default_factory=dict)
    forks: dict[str, str] = field(default_factory=dict)
    contents: dict[str, MeasuredContent] = field(default_factory=dict)
    snapshot: int | None = None

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        own = {one.name: told[one.name] for one in fields(cls) if one.name in told}
        contents = {key: MeasuredContent(*measured) for key, measured in told.get("contents", {}).items()}
        return cls(**own | {"contents": contents})


@dataclass(frozen=True)
class Landed:
    """What a run has taken of a source. `layer`: of a stream, where its rows go. `accepted`: objects that somebody
    publishes anyway."""

    source: Source
    settled: Settled
    is_rebuild: bool = False
    layer: Layer | None = None
    accepted: list[str] = field(default_factory=list)
    offsets: list[OffsetRow] = field(default_factory=list)
    decision: Decided | None = None
    parked: ParkedMessages | None = None

    @property
    def objects(self) -> list[str]:
        """Keys of the raw objects to stage."""
        return self.settled.objects

    @property
    def tables(self) -> list[Table]:
        """Those that the run's rows go to."""
        return tables_of(self.source, self.layer)

    def find_table(self, name: str) -> Table:
        """The table as the run publishes it, which may be its twin in the speed layer. Raises NotFound."""
        tables = {table.name: table for table in self.tables}
        return tables[find_table(name).name]

    def to_json(self) -> dict[str, Any]:
        own: dict[str, Any] = {"source": self.source.name, "rebuild": self.is_rebuild, "layer": self.layer}
        own |= {"accepted": self.accepted, "offsets": [asdict(one) for one in self.offsets]}
        parts = {"decision": self.decision, "parked": self.parked}
        return own | asdict(self.settled) | {name: asdict(part) for name, part in parts.items() if part is not None}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls(
            find_source(told["source"]),
            Settled.from_json(told),
            told.get("rebuild", False),
            told.get("layer"),
            told.get("accepted", []),
            [OffsetRow(**one) for one in told.get("offsets", [])],
            Decided(**told["decision"]) if "decision" in told else None,
            ParkedMessages(**told["parked"]) if "parked" in told else None,
        )


def write_landed(run: Run, landed: Landed) -> None:
    write_step(run, "land", landed.to_json())


def read_landed(run: Run) -> Landed:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that took nothing."""
    return Landed.from_json(read_step(run, "land"))
