"""The nouns of a publish: what a run does to each table, with its books and its other rows for the ledger."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from watershed.warehouse.ledger.rows import (
    CheckRow,
    DayRow,
    ExtractionRow,
    FieldRow,
    InputRow,
    LatenessRow,
    ObjectRow,
    OffsetRow,
    OutcomeRow,
    ParityRow,
    RefusalReasonRow,
    RefusalRow,
)


@dataclass(frozen=True)
class Books:
    """What became of the rows of one raw object in one table."""

    source: str
    table_name: str
    raw_object: str
    object_name: str
    object_bytes: int
    sha256: str
    arrived_at: datetime
    rows_read: int
    rows_written: int
    rows_quarantined: int
    rows_deduplicated: int
    rows_filtered: int
    origin: str | None = None

    @property
    def rows_accounted(self) -> int:
        return self.rows_written + self.rows_quarantined + self.rows_deduplicated + self.rows_filtered


@dataclass(frozen=True)
class LedgerRows:
    """Rows for the ledger besides the books, by its tables."""

    days: list[DayRow] = field(default_factory=list)
    checks: list[CheckRow] = field(default_factory=list)
    inputs: list[InputRow] = field(default_factory=list)
    fields: list[FieldRow] = field(default_factory=list)
    refusals: list[RefusalRow] = field(default_factory=list)
    offsets: list[OffsetRow] = field(default_factory=list)
    extractions: list[ExtractionRow] = field(default_factory=list)
    lateness: list[LatenessRow] = field(default_factory=list)
    parity: list[ParityRow] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    objects: list[ObjectRow] = field(default_factory=list)
    refusal_reasons: list[RefusalReasonRow] = field(default_factory=list)


@dataclass(frozen=True)
class TablePart:
    """What a run does to one table.

    `files` and `quarantine_files` are `s3://` addresses of staged Parquet under the table's data path. What goes: all
    rows of the raw objects in the publication's books, in the table, in its twin of the other layer and in their
    quarantine; and the table's rows for which the SQL condition `replaced` is true. `carried` counts the rows in
    `files` that are in nobody's books of this run: earlier versions of a history that are written again.
    """

    address: str
    files: tuple[str, ...]
    quarantine_files: tuple[str, ...] = ()
    replaced: str | None = None
    carried: int = 0


@dataclass(frozen=True)
class Publication:
    """All that one run publishes: `subject` is the source or mart, `actor` who or what started the run.

    `overtaken` is a query that finds a row when another run has published what this one should have started from.
    """

    run_id: str
    subject: str
    actor: str
    parts: tuple[TablePart, ...]
    books: tuple[Books, ...] = ()
    rows: LedgerRows = field(default_factory=LedgerRows)
    timings: dict[str, int] = field(default_factory=dict)
    overtaken: str | None = None
    rows_made: int = 0  # by a mart, which has no books
    event: Callable[[int], str] | None = None  # spells what ledger.lineage_events keeps, given the snapshot
    reason: str = ""  # why, where a person has decided it: a part of the commit message
