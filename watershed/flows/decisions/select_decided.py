"""What a run takes when a person has decided that something is to be tried again, or published anyway."""

from contextlib import closing
from dataclasses import replace

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Source, Stream
from watershed.errors import InvalidInput
from watershed.flows.begun import Run
from watershed.flows.decisions.decide import Decision, find_decision, is_carried_out, record_outcome
from watershed.flows.decisions.drop import chosen_sql, count_chosen
from watershed.flows.landed import Decided, Landed, Settled, read_landed, write_landed
from watershed.flows.streams.replay import take_parked
from watershed.flows.succession.succession import settle_succession
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import fetch_column, list_published, list_refused


def take_decided(run: Run, decision_id: str) -> dict[str, int]:
    """Take the messages or objects that a decision to replay or to accept is about, as far as they still are in
    quarantine or refused; none when it has been carried out, and then the outcome says so.

    Leaves `land.json`; returns the number of objects and bytes. Raises NotFound for an unknown decision, InvalidInput
    for one about another source or of another kind.
    """
    source, store = run.source, run.store
    decision = find_decision(decision_id)
    if decision.kind not in ("replay", "accept") or decision.about.source != source.name:
        raise InvalidInput(
            f"decision {decision_id} is to {decision.kind} {decision.subject}: nothing for {source.name}"
        )
    with closing(connect()) as con:
        is_done = is_carried_out(con, decision_id)
        landed = Landed(source, Settled([])) if is_done else take(con, run, decision)
    chosen = {*landed.objects, *landed.settled.superseded}
    if not chosen and not is_done:
        record_outcome(decision_id, run.id)
    write_landed(run, landed)
    return {"objects": len(chosen), "bytes": sum(store.head(key).bytes for key in chosen)}


def take(con: DuckDBPyConnection, run: Run, decision: Decision) -> Landed:
    source = run.source
    noted = Decided(decision.decision_id, decision.decided_by, decision.reason)
    if isinstance(source, Stream):
        taken = take_parked(run, chosen_sql(decision), only=decision.subject.rpartition(".")[2])
        return replace(read_landed(run), decision=replace(noted, row_count=taken["messages"]))
    if decision.about.objects is None:
        noted = replace(noted, row_count=count_chosen(con, decision))
    objects = choose_objects(con, source, decision)
    is_rebuild = source.kind == "oltp" and bool(objects)
    if is_rebuild:  # a history is folded from one extraction after the other, all of them
        objects = sorted({*objects, *list_published(con, source.name)})
    settled = settle_succession(source, run.store, [run.store.head(key) for key in objects])
    accepted = objects if decision.kind == "accept" else []
    return Landed(source, settled, is_rebuild, accepted=accepted, decision=noted)


def choose_objects(con: DuckDBPyConnection, source: Source, decision: Decision) -> list[str]:
    """The objects that are still refused, or those whose rows are still in quarantine."""
    if (refused := decision.about.objects) is not None:
        return sorted(set(refused) & list_refused(con, source.name))
    query = f"SELECT DISTINCT raw_object FROM {decision.subject} WHERE {chosen_sql(decision)} ORDER BY raw_object"
    return fetch_column(con, query)
