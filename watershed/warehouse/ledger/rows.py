"""Rows of the ledger, a class a table: its columns without run and snapshot, which the publish adds."""

from dataclasses import dataclass


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
