"""Staging of histories: what extractions of a database change in the tables that its contracts declare.

An extraction that cannot be read or folded is refused, with those that build on it, and the others are folded without
it: later ones build on what is published and have all that it had.
"""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from typing import Any

from watershed.declarations import tables_of
from watershed.declarations.table import Source
from watershed.flows.histories.fold import FoldPlan, Unstageable, fold_table, forget_bad
from watershed.flows.ingest.extract_database import find_published
from watershed.flows.landed import Landed
from watershed.lake.store import Store
from watershed.sources.postgres.extraction_order import Taken, order_extractions
from watershed.sources.postgres.extractions import Extraction, read_manifests
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import list_published
from watershed.warehouse.publish import read_snapshot, transact


def stage_histories(landed: Landed, run_id: str, store: Store) -> dict[str, Any]:
    """Fold the extractions in the order in which they were taken, all tables as of one snapshot. An extraction that
    cannot be folded is refused, with a sentence; and with it all others of a rebuild, where it is published: what there
    is of the history is more than could be made of the rest."""
    source, keys = landed.source, landed.objects
    extractions, refused = read_manifests(store, keys)
    with closing(connect()) as con:
        published = list_published(con, source.name)
    while True:
        refused |= refuse_dependents(extractions, refused)
        if lost := sorted(published & refused.keys()):
            refused = {key: refused.get(key, f"the history stays as it is: {refused[lost[0]]}") for key in keys}
        plan = plan_fold(landed, {key: one for key, one in extractions.items() if key not in refused}, run_id, store)
        try:
            staged = stage_tables(source, plan, store)
        except Unstageable as error:
            refused[error.key] = str(error)
            continue
        return staged | {"refused": refused, "extractions": [describe_taken(source, taken) for taken in plan.taken]}


def refuse_dependents(extractions: dict[str, Extraction], refused: Iterable[str]) -> dict[str, str]:
    """Extractions that are increments to a refused one, or to such an increment: they lack what that one has."""
    found: dict[str, str] = {}
    gone = set(refused)
    while more := {
        key: f"{key} continues {one.builds_on}, which is refused"
        for key, one in extractions.items()
        if key not in gone and one.builds_on in gone and not all(t.is_snapshot for t in one.tables)
    }:
        found |= more
        gone |= set(more)
    return found


def plan_fold(landed: Landed, extractions: dict[str, Extraction], run_id: str, store: Store) -> FoldPlan:
    published = None if landed.is_rebuild else find_published(landed.source, store)
    seen_before, folded = (published.seen_at, published.number) if published else (None, 0)
    return FoldPlan(run_id, tuple(order_extractions(store, extractions, seen_before)), folded, landed.is_rebuild)


def recall_plan(staged: dict[str, Any], run_id: str, store: Store) -> FoldPlan:
    """The plan of a run that is staged, to fold one of its tables again."""
    extractions, _ = read_manifests(store, [told["raw_object"] for told in staged["extractions"]])
    places = [(told["raw_object"], told["number"], told["seen_at"]) for told in staged["extractions"]]
    taken = (Taken(key, extractions[key], number, datetime.fromisoformat(at)) for key, number, at in places)
    return FoldPlan(run_id, tuple(taken), staged["folded"], staged["is_rebuild"])


def describe_taken(source: Source, taken: Taken) -> dict[str, Any]:
    """The extraction as a row of ledger.extractions."""
    own = taken.extraction
    place = {"number": taken.number, "seen_at": taken.seen_at.isoformat(), "cut_at": own.cut_at.isoformat()}
    server = {"lsn": own.lsn, "system": own.system, "timeline": own.timeline, "returned": own.returned}
    return {"source": source.name, "raw_object": taken.key} | place | server


def stage_tables(source: Source, plan: FoldPlan, store: Store) -> dict[str, Any]:
    with closing(connect()) as con, transact(con):  # one transaction: all histories as of one snapshot
        tables = {}
        for table in tables_of(source):
            forget_bad(con, table)
            tables[table.name] = fold_table(con, table, plan, store)
        about = {"snapshot": read_snapshot(con), "folded": plan.folded, "is_rebuild": plan.is_rebuild}
        return about | {"tables": tables}
