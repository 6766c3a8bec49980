"""A raw line: what everything began with."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.guards import Seer
from watershed.cockpit.questions.raw import read_shown
from watershed.cockpit.rendering import render

router = APIRouter()


@router.get("/raw")
def show_line(
    request: Request,
    role: Seer,
    key: Annotated[str, Query(alias="object", pattern=r"^raw/[a-z0-9_]+/[0-9a-f]+$")],
    line: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    """Line (or document, or message) `line` of the object `object`, counted from 1."""
    return render(request, "raw.html", tab="why", shown=read_shown(key, line, role))
