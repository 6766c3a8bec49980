"""Rebuilds of many days: what would run, to be confirmed; the browser starts it in Airflow with the user's rights."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.declared import find_declared
from watershed.cockpit.guards import Actor
from watershed.cockpit.questions.rebuilds import plan_rebuilds
from watershed.cockpit.rendering import render

router = APIRouter()


@router.get("/tables/{address}/rebuilds")
def show_plan(
    request: Request, user: Actor, address: str, days: Annotated[str, Query(max_length=20_000)] = ""
) -> HTMLResponse:
    """The fragment for `days`, separated by commas."""
    one = find_declared(address)
    try:
        chosen = [date.fromisoformat(day) for day in days.split(",") if day]
    except ValueError as error:
        raise HTTPException(422, "Nothing is started: days are spelled 2024-03-05, with commas between them") from error
    plan = plan_rebuilds(one, chosen)
    runs = [asdict(run) for run in plan.runs]
    return render(request, "rebuild_plan.html", one=one, plan=plan, runs=runs, count=len(set(chosen)))
