"""Health: which servers are away, what fires, and the four signals of every step."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from cockpit.health import Signals, TaskRun, describe_stream, list_alerts, list_tasks, measure_steps
from cockpit.outages import ASKED
from cockpit.rendering import is_fragment, render
from monitoring.rules import RULES
from monitoring.runbook import read_runbook
from monitoring.services import describe_effect
from monitoring.watcher import LAKE_ERRORS

router = APIRouter()


@router.get("/health")
def show_health(request: Request, tasks: Annotated[list[TaskRun], Depends(list_tasks)]) -> HTMLResponse:
    servers = ASKED.find_servers()
    state = servers.monitor
    return render(
        request,
        "health_now.html" if is_fragment(request) else "health.html",
        tab="health",
        servers=servers,
        effects=describe_effect,
        alerts=list_alerts(state),
        steps=find_steps(tasks),
        state=state,
        streams=[(one, *describe_stream(one, servers.away)) for one in state.streams] if state else [],
        rules=RULES,
        runbook=read_runbook(),
    )


def find_steps(tasks: list[TaskRun]) -> list[Signals]:
    """None where the lake is away and was never read here: then what is known of steps is half the truth."""
    try:
        return measure_steps(tasks)
    except LAKE_ERRORS:
        return []
