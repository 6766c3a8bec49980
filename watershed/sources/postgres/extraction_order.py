"""In which order extractions were taken, which no clock tells.

Each manifest has a number: one more than that of the extraction taken before it, whatever became of that. Manifests
from before there were numbers count the extractions that they build on. Where two have the same number, PostgreSQL's
place in its log decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watershed.lake.store import Store
from watershed.sources.postgres.extractions import Extraction, read_manifest

TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)  # S3 tells no parts of it


@dataclass(frozen=True)
class Taken:
    """An extraction in its place. `seen_at` (UTC): when it saw the database, later than the one before it."""

    key: str
    extraction: Extraction
    number: int
    seen_at: datetime


def order_extractions(
    store: Store, extractions: Mapping[str, Extraction], seen_before: datetime | None = None
) -> list[Taken]:
    """Extractions by key, in the order in which they were taken, the first of them seen after `seen_before`.

    An extraction was seen when the database's clock said so; but not after it landed, and not before the one before it.
    """
    numbers = {key: number_extraction(store, one) for key, one in extractions.items()}
    taken: list[Taken] = []
    for key in sorted(extractions, key=lambda key: (numbers[key], *find_place(extractions[key]), key)):
        own = extractions[key]
        seen_at = min(own.cut_at, own.landed_at or store.head(key).arrived_at + SECOND)
        if seen_before is not None:
            seen_at = max(seen_at, seen_before + TICK)
        taken.append(Taken(key, own, numbers[key], seen_before := seen_at))
    return taken


def find_place(extraction: Extraction) -> tuple[int, int, datetime]:
    return extraction.timeline, extraction.log_place, extraction.cut_at


def number_extraction(store: Store, extraction: Extraction) -> int:
    """Its number, from 1."""
    before = 0
    while not extraction.number and extraction.builds_on:
        before += 1
        extraction = read_manifest(store, extraction.builds_on)
    return before + (extraction.number or 1)


def explain_return(last: Extraction, now: Extraction) -> str | None:
    """In a sentence, what of a database is earlier than the extraction before it has seen; None where nothing is."""
    if last.system and now.system and last.system != now.system:
        what = f"it was the system {last.system} and is {now.system}"
    elif now.log_place < last.log_place or 0 < now.timeline < last.timeline:
        was, is_now = (f"{one.lsn} of timeline {one.timeline or '?'}" for one in (last, now))
        what = f"its log went back from {was} to {is_now}"
    elif now.cut_at < last.cut_at:
        what = f"its clock went back from {last.cut_at} to {now.cut_at}"
    else:
        return None
    return (
        f"the database of {now.source} is not what it was: {what}; all that is there was taken, and what was known "
        "stays known: see whether it was restored, replaced or its clock set, and whether it has what it should have"
    )


def continues(now: Extraction, earlier: Extraction) -> bool:
    """Whether the database went on from the earlier extraction, so that equal versions of a row are the same row. After
    a restore or a failover, numbers of transactions are given a second time."""
    is_same = earlier.system in ("", now.system) and earlier.timeline in (0, now.timeline)
    return is_same and now.log_place >= earlier.log_place
