"""Health: which servers are away, what fires, and the four signals of every step."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from watershed.cockpit.guards import Actor
from watershed.cockpit.outages import ASKED
from watershed.cockpit.questions.health import (
    Signals,
    TaskRun,
    describe_stream,
    find_snoozes,
    list_alerts,
    list_tasks,
    measure_steps,
)
from watershed.cockpit.rendering import is_fragment, render
from watershed.errors import InvalidInput, NotFound
from watershed.monitoring.owners import find_concerned
from watershed.monitoring.rules import RULES
from watershed.monitoring.runbook import read_runbook
from watershed.monitoring.services import describe_effect
from watershed.monitoring.snoozes import snooze
from watershed.monitoring.watcher import LAKE_ERRORS
from watershed.warehouse.alerts import FIRING
from watershed.warehouse.ledger.cache import MIRROR
from watershed.warehouse.ledger.history import utc_now

router = APIRouter()

SPANS = {1: "1 hour", 4: "4 hours", 24: "1 day", 24 * 7: "1 week"}


@router.get("/health")
def show_health(request: Request, tasks: Annotated[list[TaskRun], Depends(list_tasks)]) -> HTMLResponse:
    servers = ASKED.find_servers()
    state = servers.monitor
    alerts = list_alerts(state)
    return render(
        request,
        "health_now.html" if is_fragment(request) else "health.html",
        tab="health",
        servers=servers,
        effects=describe_effect,
        alerts=alerts,
        snoozes=find_snoozes(alerts),
        steps=find_steps(tasks),
        state=state,
        streams=[(one, *describe_stream(one, servers.away)) for one in state.streams] if state else [],
        rules=RULES,
        find_concerned=find_concerned,
        runbook=read_runbook(),
    )


@router.get("/health/snooze")
def show_snooze(request: Request, rule: str, user: Actor, subject: str = "") -> HTMLResponse:
    """A form, on a page of its own: the page Health renews itself while somebody writes."""
    if rule not in RULES:
        raise NotFound(f"There is no alert rule {rule!r}: the page Health lists those there are")
    snoozed = find_snoozes([{"rule": rule, "subject": subject, "state": FIRING}]).get((rule, subject))
    return render(request, "snooze.html", tab="health", rule=rule, subject=subject, spans=SPANS, snoozed=snoozed)


@router.post("/health/snooze")
def record_snooze(
    request: Request,
    user: Actor,
    rule: Annotated[str, Form()],
    hours: Annotated[int, Form(ge=0)],
    reason: Annotated[str, Form()] = "",
    subject: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Snooze it for so many hours; none end a snooze."""
    try:
        snooze(rule, subject, utc_now() + timedelta(hours=hours), reason, user)
    except InvalidInput as error:
        raise HTTPException(422, f"Nothing is snoozed: {error}") from error
    MIRROR.refresh()
    return RedirectResponse(f"{request.scope.get('root_path', '')}/health#firing", 303)


def find_steps(tasks: list[TaskRun]) -> list[Signals]:
    """None where the lake is away and was never read here: then what is known of steps is half the truth."""
    try:
        return measure_steps(tasks)
    except LAKE_ERRORS:
        return []
