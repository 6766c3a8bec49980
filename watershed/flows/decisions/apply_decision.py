"""Carry out: what a decision says happens, once. Trying again changes nothing."""

from contextlib import closing
from typing import Any

from watershed.flows.decisions.decide import Decision, find_decision
from watershed.flows.decisions.drop import drop_rows
from watershed.flows.decisions.drop_table import drop_table
from watershed.flows.decisions.rollback import roll_back
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import fetch_column
from watershed.warehouse.publish import Overtaken


def carry_out(decision_id: str, run_id: str) -> dict[str, Any]:
    """Drop or roll back, as a decision says. Returns its `kind` and `subject` with counts.

    With `source` in it: the rest is for the ingest run of that source, to which the decision is handed. With `is_done`:
    it was carried out before; if by this very run, with what it did, since nobody may have been told.

    Raises NotFound for an unknown decision, and what the steps raise.
    """
    decision = find_decision(decision_id)
    about = {"kind": decision.kind, "subject": decision.subject, "reason": decision.reason}
    if (done := recall(decision, run_id)) is not None:
        return about | done
    try:
        return about | act(decision, run_id)
    except Overtaken:
        if (done := recall(decision, run_id)) is not None:
            return about | done
        raise


def recall(decision: Decision, run_id: str) -> dict[str, Any] | None:
    """What came of a decision that is carried out; None for one that is not."""
    days = "SELECT DISTINCT day::VARCHAR FROM ledger.days WHERE run_id = ? AND table_name = ? ORDER BY 1"
    outcome = "SELECT run_id, row_count, snapshot_id FROM ledger.outcomes WHERE decision_id = ?"
    with closing(connect()) as con:
        row = con.execute(outcome, [decision.decision_id]).fetchone()
        if row is None or row[0] != run_id:
            return None if row is None else {"is_done": True}
        changed = fetch_column(con, days, [run_id, decision.subject])
        return {"is_done": True, "rows": row[1], "days": changed, "snapshot": row[2]}


def act(decision: Decision, run_id: str) -> dict[str, Any]:
    if decision.kind == "drop":
        return drop_rows(decision, run_id)
    if decision.kind == "rollback":
        return roll_back(decision, run_id)
    if decision.kind == "drop_table":
        return drop_table(decision, run_id)
    return {"source": decision.about["source"]}
