"""Health: what fires, and the four signals of every step."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from cockpit.health import TaskRun, list_alerts, list_tasks, measure_steps, read_state
from cockpit.rendering import is_fragment, render
from monitoring.rules import RULES
from monitoring.runbook import read_runbook

router = APIRouter()


@router.get("/health")
def show_health(request: Request, tasks: Annotated[list[TaskRun], Depends(list_tasks)]) -> HTMLResponse:
    template = "health_now.html" if is_fragment(request) else "health.html"
    return render(
        request,
        template,
        tab="health",
        alerts=list_alerts(),
        steps=measure_steps(tasks),
        state=read_state(),
        rules=RULES,
        runbook=read_runbook(),
    )
