"""Carry out: what a decision says happens, once. Trying again changes nothing."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from watershed.flows.decisions.decide import DataChange, Decision, Kind, find_decision
from watershed.flows.decisions.drop import drop_rows
from watershed.flows.decisions.drop_table import drop_table
from watershed.flows.decisions.rollback import roll_back
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import fetch_column
from watershed.warehouse.publish import Overtaken

ACTIONS: dict[Kind, Callable[[Decision, str], DataChange]] = {
    "drop": drop_rows,
    "rollback": roll_back,
    "drop_table": drop_table,
}


@dataclass(frozen=True)
class CarriedOut:
    """What came of a decision. `source`: the rest is for the ingest run of that source, to which the decision is
    handed. `is_done`: it was carried out before."""

    decision: Decision
    change: DataChange = field(default_factory=DataChange)
    source: str | None = None
    is_done: bool = False


def carry_out(decision_id: str, run_id: str) -> CarriedOut:
    """Drop or roll back, as a decision says. What this very run did before is told again, since nobody may have been.

    Raises NotFound for an unknown decision, and what the steps raise.
    """
    decision = find_decision(decision_id)
    if (done := recall(decision, run_id)) is not None:
        return done
    try:
        return act(decision, run_id)
    except Overtaken:
        if (done := recall(decision, run_id)) is not None:
            return done
        raise


def recall(decision: Decision, run_id: str) -> CarriedOut | None:
    """What came of a decision that is carried out; None for one that is not."""
    days = "SELECT DISTINCT day::VARCHAR FROM ledger.days WHERE run_id = ? AND table_name = ? ORDER BY 1"
    outcome = "SELECT run_id, row_count, snapshot_id FROM ledger.outcomes WHERE decision_id = ?"
    with closing(connect()) as con:
        row = con.execute(outcome, [decision.decision_id]).fetchone()
        if row is None or row[0] != run_id:
            return None if row is None else CarriedOut(decision, is_done=True)
        changed = fetch_column(con, days, [run_id, decision.subject])
        return CarriedOut(decision, DataChange(row[1], days=changed, snapshot=row[2]), is_done=True)


def act(decision: Decision, run_id: str) -> CarriedOut:
    if (change := ACTIONS.get(decision.kind)) is not None:
        return CarriedOut(decision, change(decision, run_id))
    return CarriedOut(decision, source=decision.about.source)
