"""Lineage: what everything is made of and what depends on it, as a drawing and as lists."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.questions.graph import HOW, draw, find_chosen, list_addresses
from watershed.cockpit.rendering import render

router = APIRouter()


@router.get("/lineage")
def show_lineage(request: Request, of: str = "") -> HTMLResponse:
    """`of` a table (`core.requests`), a column (`core.requests.status`) or raw objects (`raw/access_logs`)."""
    chosen = find_chosen(of.strip())
    return render(
        request, "lineage.html", tab="lineage", chosen=chosen, graph=draw(chosen), addresses=list_addresses(), how=HOW
    )
