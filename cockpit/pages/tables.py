"""Tables: what there is, how fresh, how good."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cockpit.rendering import render
from warehouse.mirror import MIRROR

router = APIRouter()


@router.get("/tables")
def show_tables(request: Request) -> HTMLResponse:
    rows = MIRROR.ask("SELECT table_name, sum(rows_written)::BIGINT AS rows FROM books GROUP BY ALL ORDER BY 1")
    return render(request, "tables.html", tab="tables", rows=rows)
