"""Tables: what there is, how fresh, how good."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from cockpit.declared import list_declared
from cockpit.months import SIGNS
from cockpit.partitions import list_troubled
from cockpit.rendering import is_fragment, render
from cockpit.tables import STATES, Wanted, find_tables

router = APIRouter()

MOST = 8  # sentences

Sort = Literal["address", "owner", "rows", "bytes", "published_at", "quality"]


@router.get("/tables")
def show_tables(
    request: Request,
    q: str = "",
    schema: str = "",
    state: str = "",
    sort: Sort = "address",
    order: Literal["up", "down"] = "up",
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    wanted = Wanted(q, schema, state, sort, order == "down", page)
    schemas = sorted({one.schema for one in list_declared().values()})
    template = "tables_list.html" if is_fragment(request) else "tables.html"
    found = find_tables(wanted)
    return render(request, template, tab="tables", found=found, wanted=wanted, schemas=schemas, states=STATES)


@router.get("/attention")
def show_attention(request: Request) -> HTMLResponse:
    """The fragment that says which tables have days that are missing, stale or blocked."""
    troubled = list_troubled()
    return render(request, "attention.html", troubled=troubled[:MOST], more=max(0, len(troubled) - MOST), signs=SIGNS)
