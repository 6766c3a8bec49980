"""Carry out: what a decision says happens, once. Trying again changes nothing."""

from contextlib import closing
from typing import Any

from steps.decide import Decision, find_decision, is_carried_out
from steps.drop import drop_rows
from steps.rollback import roll_back
from warehouse.connection import connect
from warehouse.publish import Overtaken

DONE: dict[str, Any] = {"is_done": True}


def carry_out(decision_id: str, run_id: str) -> dict[str, Any]:
    """Drop or roll back, as a decision says. Returns its `kind` and `subject` with counts.

    With `source` in it: the rest is for the ingest run of that source, to which the decision is handed. With `is_done`:
    somebody has carried it out. Raises LookupError for an unknown decision, and what the steps raise.
    """
    decision = find_decision(decision_id)
    about = {"kind": decision.kind, "subject": decision.subject, "reason": decision.reason}
    with closing(connect()) as con:
        if is_carried_out(con, decision_id):
            return about | DONE
    try:
        return about | act(decision, run_id)
    except Overtaken:
        with closing(connect()) as con:
            if is_carried_out(con, decision_id):
                return about | DONE
        raise


def act(decision: Decision, run_id: str) -> dict[str, Any]:
    if decision.kind == "drop":
        return drop_rows(decision, run_id)
    if decision.kind == "rollback":
        return roll_back(decision, run_id)
    return {"source": decision.about["source"]}
