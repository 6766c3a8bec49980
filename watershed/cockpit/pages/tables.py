"""Tables: what there is, how fresh, how good."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.declared import list_declared
from watershed.cockpit.questions.attention import list_matters
from watershed.cockpit.questions.tables import STATES, Wanted, count_tags, find_tables
from watershed.cockpit.rendering import is_fragment, render

router = APIRouter()

MOST = 8  # sentences before the rest is folded

Sort = Literal["address", "owner", "rows", "bytes", "published_at", "quality"]


@router.get("/tables")
def show_tables(
    request: Request,
    q: str = "",
    schema: str = "",
    state: str = "",
    tag: str = "",
    sort: Sort = "address",
    order: Literal["up", "down"] = "up",
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    wanted = Wanted(q, schema, state, tag, sort, order == "down", page)
    schemas = sorted({one.schema for one in list_declared().values()})
    template = "tables_list.html" if is_fragment(request) else "tables.html"
    found = find_tables(wanted)
    return render(
        request,
        template,
        tab="tables",
        found=found,
        wanted=wanted,
        schemas=schemas,
        states=STATES,
        tags=count_tags(),
    )


@router.get("/attention")
def show_attention(request: Request) -> HTMLResponse:
    """The fragment that says what somebody should look at."""
    matters = list_matters()
    return render(request, "attention.html", matters=matters[:MOST], more=matters[MOST:])
