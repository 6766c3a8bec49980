"""The finder, which Ctrl-K opens on every page: a list of tables and columns for what was typed so far."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.questions.finding import find_hits
from watershed.cockpit.rendering import is_fragment, render

router = APIRouter()


@router.get("/find")
def find(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """A fragment; as a page for browsers without scripts."""
    template = "found.html" if is_fragment(request) else "find.html"
    return render(request, template, hits=find_hits(q), words=q.strip())
