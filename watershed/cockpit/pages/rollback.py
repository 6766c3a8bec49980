"""Rollback: an administrator decides that a table becomes what it was; a run carries that out."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.guards import Administrator
from watershed.cockpit.rendering import render
from watershed.errors import InvalidInput
from watershed.flows.decisions.decide import About, record_decision
from watershed.flows.decisions.rollback import check_rollback
from watershed.warehouse.ledger.cache import MIRROR

router = APIRouter()


@router.post("/snapshots/rollback")
def decide_rollback(
    request: Request,
    user: Administrator,
    table: Annotated[str, Form()],
    snapshot: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Record the decision. The fragment that answers starts the run that carries it out."""
    try:
        check_rollback(table, snapshot)
        decision_id = record_decision("rollback", table, About(version=snapshot), reason, user)
    except InvalidInput as error:
        raise HTTPException(422, f"Nothing is rolled back: {error}") from error
    MIRROR.refresh()
    return render(request, "decision_recorded.html", decision_id=decision_id, kind="rollback")
