"""Succession: an object that begins with all of another one takes its place, and what both say is counted once.

A log that grows is landed again and again, each time longer; a file that was cut off, or one that arrives late, is
contained in what is there. The content tells: length and digest of what is inside an object, packed or not. Objects are
read for it only where they have kin (flows/succession/kin.py), and no further than they have to be.
"""

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from watershed.declarations import find_source
from watershed.declarations.table import Source
from watershed.errors import Unavailable, UserError
from watershed.flows.succession.forks import Fork, explain_fork, find_forks
from watershed.flows.succession.kin import Kin, describe_kin, find_kin, list_superseded, measure_kin
from watershed.lake.raw_objects import RawObject
from watershed.lake.store import Store, open_store
from watershed.sources.measure import read_beginnings
from watershed.warehouse.connection import OtherBucket, connect
from watershed.warehouse.publish import read_snapshot

GROWING = ("logs", "documents")  # kinds of sources whose objects are files that somebody hands over


@dataclass(frozen=True)
class Succession:
    """`superseded`: which objects give way, key to the key of the object that has all that they have. `forks`: which of
    those taken continue what something else continues. `known`: what was found out about those taken, by key."""

    superseded: dict[str, str] = field(default_factory=dict)
    forks: dict[str, Fork] = field(default_factory=dict)
    known: dict[str, Kin] = field(default_factory=dict)


def find_succession(con: DuckDBPyConnection, store: Store, source: Source, taken: list[RawObject]) -> Succession:
    """Compare what a run takes with what is published or refused, and with each other.

    What gives way may be taken itself: a state of a log that has grown meanwhile, or one that is contained in what is
    published. An object that was superseded before is named only where it has rows.
    """
    if source.kind not in GROWING or not taken:
        return Succession()
    objects = {one.key: one for one in taken}
    known = {key: describe_kin(store, one) for key, one in objects.items() if not one.is_separate}
    there = {one.key: one for one in find_kin(con, source.name, list(known.values())) if one.key not in known}
    comparison = Comparison(store, objects, there | known)
    superseded = list_superseded(con, source.name, set(objects))
    for one in comparison.sort(known):
        if one.key in superseded:
            continue
        if (container := comparison.find_container(one)) is not None:
            superseded[one.key] = container
        else:
            superseded |= dict.fromkeys(comparison.find_beginnings(one, set(superseded)), one.key)
    forks = find_forks(con, source, comparison, known, superseded)
    return Succession(superseded, forks, {key: comparison.kin[key] for key in known})


def settle_succession(source: Source, store: Store, taken: list[RawObject]) -> dict[str, Any]:
    """What `land.json` says of the objects that a run takes: `objects` to stage, `superseded` ones by key with what
    takes their place, `forks` to refuse with a sentence, `contents` as measured, and the snapshot that this was true
    in."""
    if source.kind not in GROWING:
        return {"objects": [one.key for one in taken]}
    with closing(connect()) as con:
        snapshot = read_snapshot(con)
        found = find_succession(con, store, source, taken)
    return {
        "objects": [one.key for one in taken if one.key not in found.superseded],
        "superseded": found.superseded,
        "forks": {key: explain_fork(store, key, fork) for key, fork in found.forks.items()},
        "contents": {key: [one.size, one.sha256, one.head] for key, one in found.known.items()},
        "snapshot": snapshot,
    }


def ask_kin(source: Source, newcomer: Kin) -> list[Kin]:
    """Objects with all of which a newcomer may begin; none where the ledger is away, since landing needs the bucket
    only: the run that takes the object compares it. Raises OtherBucket."""
    if source.kind not in GROWING:
        return []
    try:
        with closing(connect()) as con:
            found = find_kin(con, source.name, [newcomer])
    except OtherBucket:
        raise
    except (UserError, Unavailable, duckdb.Error):
        return []
    return [one for one in found if one.may_begin(newcomer) and (one.has_rows or not one.is_superseded)]


def foresee(landed: RawObject) -> list[str]:
    """What becomes of a landed object and its kin when it is published, a sentence each; none where nobody can tell."""
    source, store = find_source(landed.source), open_store()
    try:
        with closing(connect()) as con:
            found = find_succession(con, store, source, [landed])
    except (UserError, Unavailable, duckdb.Error):
        return []
    superseded = found.superseded
    if (container := superseded.get(landed.key)) is not None:
        return [f"all of it is in {store.head(container).name} ({container}) already: nothing is counted twice"]
    told = [f"begins with all of {store.head(key).name} ({key}), and takes its place" for key in superseded]
    return told + [f"the next run will refuse it: {explain_fork(store, *fork)}" for fork in found.forks.items()]


class Comparison:
    """Compares contents, and reads what nobody has measured yet. `objects`: descriptions of raw objects by key."""

    def __init__(self, store: Store, objects: dict[str, RawObject], kin: dict[str, Kin]) -> None:
        self.store = store
        self.objects = dict(objects)
        self.kin = kin
        self.places: dict[str | None, list[str]] = {}
        for one in kin.values():
            for place in {one.name, one.head}:
                self.places.setdefault(place, []).append(one.key)

    def sort(self, keys: dict[str, Kin]) -> list[Kin]:
        """Those of them that have any kin, the longest first; measured, where they were not."""
        related = [self.kin[key] for key in keys if self.list_related(self.kin[key])]
        measured = [one for one in map(self.measure, related) if one.size is not None]
        return sorted(measured, key=lambda one: (-(one.size or 0), one.key))

    def measure(self, one: Kin) -> Kin:
        self.kin[one.key] = measure_kin(self.store, one)
        return self.kin[one.key]

    def list_related(self, one: Kin) -> list[Kin]:
        keys = {key for place in (one.name, one.head) if place for key in self.places.get(place, ())}
        return [self.kin[key] for key in sorted(keys) if self.kin[key].may_begin(one) or one.may_begin(self.kin[key])]

    def find_container(self, one: Kin) -> str | None:
        """A published object that begins with all of this one, or has just the same content."""
        longer = [other for other in self.list_related(one) if other.is_published and not other.is_superseded]
        for other in map(self.measure, longer):
            if other.size is None or one.size is None or other.size < one.size or not one.may_begin(other):
                continue
            if self.begins_with(other, [one]) and self.is_same_day(one, other):
                return other.key
        return None

    def find_beginnings(self, one: Kin, gone: set[str]) -> list[str]:
        """The objects with all of which this one begins, without those that are gone."""
        others = [other for other in self.list_related(one) if other.key not in gone]
        others = [other for other in others if other.has_rows or not other.is_superseded]
        return [other.key for other in self.select_beginnings(one, others)]

    def select_beginnings(self, one: Kin, others: list[Kin]) -> list[Kin]:
        """Those with all of which this one begins."""
        shorter = [
            other
            for other in map(self.measure, others)
            if other.size is not None and one.size is not None and other.size <= one.size and other.may_begin(one)
        ]
        return [other for other in self.begins_with(one, shorter) if self.is_same_day(one, other)]

    def begins_with(self, one: Kin, others: list[Kin]) -> list[Kin]:
        """Those with which its content begins, as far as landing has not found that out already."""
        told = self.objects[one.key].continues if one.key in self.objects else ()
        same = {other.key for other in others if other.key in told or other.sha256 == one.sha256}
        lengths = [other.size for other in others if other.key not in same and other.size != one.size and other.size]
        found = read_beginnings(self.store.open(one.key), lengths) if lengths else {}
        return [other for other in others if other.key in same or found.get(other.size or 0) == other.sha256]

    def is_same_day(self, *kin: Kin) -> bool:
        """Whether the days that their lines are of are the same, where they do not say them; and none is separate."""
        found = [self.find_object(one.key) for one in kin]
        kept = [about for about in found if about and not about.is_separate]
        return len(kept) == len(kin) and len({about.day for about in kept}) == 1

    def find_object(self, key: str) -> RawObject | None:
        if key not in self.objects and (found := self.store.find(key)) is not None:
            self.objects[key] = found
        return self.objects.get(key)
