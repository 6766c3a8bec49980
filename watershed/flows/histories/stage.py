"""Staging of histories: what extractions of a database change in the tables that its contracts declare.

An extraction that cannot be read or folded is refused, with those that build on it, and the others are folded without
it: later ones build on what is published and have all that it had.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

from watershed.declarations import tables_of
from watershed.declarations.table import Source
from watershed.flows.begun import Run
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


def stage_histories(run: Run, landed: Landed) -> Staged:
    """Fold the extractions in the order in which they were taken, all tables as of one snapshot. An extraction that
    cannot be folded is refused, with a sentence; and with it all others of a rebuild, where it is published: what there
    is of the history is more than could be made of the rest."""
    source, store, keys = run.source, run.store, landed.objects
    extractions, refused = read_manifests(store, keys)
    with closing(connect()) as con:
        published = list_published(con, source.name)
    while True:
        refused |= refuse_dependents(extractions, refused)
        if lost := sorted(published & refused.keys()):
            refused = {key: refused.get(key, f"the history stays as it is: {refused[lost[0]]}") for key in keys}
        plan = plan_fold(run, {key: one for key, one in extractions.items() if key not in refused}, landed.is_rebuild)
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


def plan_fold(run: Run, extractions: dict[str, Extraction], is_rebuild: bool) -> FoldPlan:
    published = None if is_rebuild else find_published(run.source, run.store)
    seen_before, folded = (published.seen_at, published.number) if published else (None, 0)
    return FoldPlan(run.id, tuple(order_extractions(run.store, extractions, seen_before)), folded, is_rebuild)


def recall_plan(run: Run, staged: Staged) -> FoldPlan:
    """The plan of a run that is staged, to fold one of its tables again."""
    extractions, _ = read_manifests(run.store, [row.raw_object for row in staged.extractions])
    taken = (Taken(row.raw_object, extractions[row.raw_object], row.number, row.seen_at) for row in staged.extractions)
    return FoldPlan(run.id, tuple(taken), staged.folded, staged.is_rebuild)


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
