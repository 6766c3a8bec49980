"""Staging of histories: what extractions of a database change in the tables that its contracts declare.

An extraction that cannot be read or folded is refused, with those that build on it, and the others are folded without
it: later ones build on what is published and have all that it had.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

from watershed.declarations import tables_of
from watershed.declarations.table import Source
from watershed.flows.histories.fold import FoldPlan, Unstageable, fold_table, forget_bad
from watershed.flows.ingest.extract_database import find_published
from watershed.flows.landed import Landed
from watershed.flows.staged import Staged
from watershed.lake.store import Store
from watershed.sources.postgres.extraction_order import Taken, order_extractions
from watershed.sources.postgres.extractions import Extraction, read_manifests
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import list_published
from watershed.warehouse.ledger.rows import ExtractionRow
from watershed.warehouse.publish import read_snapshot, transact


def stage_histories(landed: Landed, run_id: str, store: Store) -> Staged:
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
        return replace(staged, refused=refused, extractions=[describe_taken(source, taken) for taken in plan.taken])


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


def recall_plan(staged: Staged, run_id: str, store: Store) -> FoldPlan:
    """The plan of a run that is staged, to fold one of its tables again."""
    extractions, _ = read_manifests(store, [row.raw_object for row in staged.extractions])
    taken = (Taken(row.raw_object, extractions[row.raw_object], row.number, row.seen_at) for row in staged.extractions)
    return FoldPlan(run_id, tuple(taken), staged.folded, staged.is_rebuild)


def describe_taken(source: Source, taken: Taken) -> ExtractionRow:
    own = taken.extraction
    place = (source.name, taken.key, taken.number, taken.seen_at, own.cut_at)
    return ExtractionRow(*place, own.lsn, own.system, own.timeline, own.returned)


def stage_tables(source: Source, plan: FoldPlan, store: Store) -> Staged:
    with closing(connect()) as con, transact(con):  # one transaction: all histories as of one snapshot
        tables = {}
        for table in tables_of(source):
            forget_bad(con, table)
            tables[table.name] = fold_table(con, table, plan, store)
        return Staged(tables, snapshot=read_snapshot(con), folded=plan.folded, is_rebuild=plan.is_rebuild)
