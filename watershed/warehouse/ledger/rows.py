"""Rows of the ledger, a class a table: its columns without run and snapshot, which the publish adds.

Times are UTC without a zone. What a column means is said once, in `ledger.sql`.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class DayRow:
    """Of ledger.days: how many rows an object has on a day that changed, 0 where it has lost them."""

    table_name: str
    raw_object: str
    day: date
    row_count: int


@dataclass(frozen=True)
class CheckRow:
    """Of ledger.checks: the outcome of a rule over a table."""

    table_name: str
    rule: str
    column_name: str | None
    severity: str
    rows_evaluated: int
    rows_failed: int
    is_success: bool
    reason: str | None


@dataclass(frozen=True)
class InputRow:
    """Of ledger.inputs: the version of the lake that a partition was computed from; `day` None: all of a table."""

    table_name: str
    day: date | None
    input_snapshot_id: int


@dataclass(frozen=True)
class FieldRow:
    """Of ledger.fields: a field of documents that is new, or has a new type."""

    source: str
    path: str
    json_type: str
    is_new_path: bool
    raw_object: str


@dataclass(frozen=True)
class RefusalRow:
    """Of ledger.refusals: an object that was not published, and why in a sentence."""

    source: str
    raw_object: str
    object_name: str
    reason: str
    refused_at: datetime


@dataclass(frozen=True)
class RefusalReasonRow:
    """Of ledger.refusal_reasons: a reason that rows of a refused object are bad for; `table_name` None: the object as
    such."""

    source: str
    raw_object: str
    table_name: str | None
    rule: str
    reason: str
    row_count: int
    samples_json: str


@dataclass(frozen=True)
class OffsetRow:
    """Of ledger.offsets: what a raw object holds of one partition of a topic."""

    source: str
    topic: str
    raw_object: str
    partition: int
    first_offset: int
    next_offset: int
    message_count: int
    lost_count: int = 0


@dataclass(frozen=True)
class ExtractionRow:
    """Of ledger.extractions: the place of an extraction in the order in which a database was read."""

    source: str
    raw_object: str
    number: int
    seen_at: datetime
    cut_at: datetime
    lsn: str
    system: str
    timeline: int
    returned: str | None


@dataclass(frozen=True)
class LatenessRow:
    """Of ledger.lateness: seconds from the times that events of a batch say to its arrival."""

    table_name: str
    row_count: int
    late_p50_s: float
    late_p99_s: float
    late_max_s: float
    late_min_s: float


@dataclass(frozen=True)
class ParityRow:
    """Of ledger.parity: the rows of a day as they were published and as they were computed once more."""

    table_name: str
    day: date
    rows_published: int
    rows_recomputed: int
    rows_missing: int
    rows_surplus: int
    compared_at: datetime

    @property
    def is_equal(self) -> bool:
        return not self.rows_missing and not self.rows_surplus


@dataclass(frozen=True)
class OutcomeRow:
    """Of ledger.outcomes: how many rows a decision was about in the end."""

    decision_id: str
    row_count: int


@dataclass(frozen=True)
class ObjectRow:
    """Of ledger.objects: a file that a run took, its content as measured, and what has taken its place."""

    source: str
    raw_object: str
    object_name: str
    origin: str | None
    content_bytes: int | None
    content_sha256: str | None
    head_sha256: str | None
    superseded_by: str | None
