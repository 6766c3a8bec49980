"""Succession: an object that begins with all of another one takes its place, and what both say is counted once.

A log that grows is landed again and again, each time longer; a file that was cut off, or one that arrives late, is
contained in what is there. The content tells: length and digest of what is inside an object, packed or not. Objects are
read for it only where they have kin (flows/succession/kin.py), and no further than they have to be.
"""

from contextlib import closing
from dataclasses import dataclass, field

import duckdb
from duckdb import DuckDBPyConnection

from watershed.declarations import find_source
from watershed.declarations.table import Source
from watershed.errors import Unavailable, UserError
from watershed.flows.landed import MeasuredContent, Settled
from watershed.flows.succession.comparison import Comparison
from watershed.flows.succession.forks import Fork, explain_fork, find_forks
from watershed.flows.succession.kin import Kin, describe_kin, find_kin, list_successors, list_superseded
from watershed.lake.raw_objects import RawObject
from watershed.lake.store import Store, open_store
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
    successors = list_successors(con, source.name)
    superseded = list_superseded(con, source.name, set(objects), successors)
    for one in comparison.sort(known):
        if one.key in superseded:
            continue
        if (container := comparison.find_container(one)) is not None:
            superseded[one.key] = container
        else:
            superseded |= dict.fromkeys(comparison.find_beginnings(one, set(superseded)), one.key)
    forks = find_forks(con, source, comparison, known, superseded, successors | superseded)
    return Succession(superseded, forks, {key: comparison.kin[key] for key in known})


def settle_succession(source: Source, store: Store, taken: list[RawObject]) -> Settled:
    """Which of the objects that a run takes are to be staged, and what becomes of the others."""
    if source.kind not in GROWING:
        return Settled([one.key for one in taken])
    with closing(connect()) as con:
        snapshot = read_snapshot(con)
        found = find_succession(con, store, source, taken)
    return Settled(
        [one.key for one in taken if one.key not in found.superseded],
        found.superseded,
        {key: explain_fork(store, key, fork) for key, fork in found.forks.items()},
        {key: MeasuredContent(one.size, one.sha256, one.head) for key, one in found.known.items()},
        snapshot,
    )


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
