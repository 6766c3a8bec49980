"""Snapshots: every version of the lake, and how a table differs between two of them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from cockpit.catalogue import read_newest
from cockpit.declared import find_declared, list_declared
from cockpit.differences import PAGE, compare_snapshots
from cockpit.rendering import is_fragment, render
from cockpit.snapshots import find_snapshots, list_authors, list_pins

router = APIRouter()


@router.get("/snapshots")
def show_snapshots(request: Request, before: int | None = None, table: str = "", author: str = "") -> HTMLResponse:
    return render(
        request,
        "snapshots_list.html" if is_fragment(request) else "snapshots.html",
        tab="snapshots",
        timeline=find_snapshots(before, table or None, author or None),
        table=table,
        author=author,
        before=before,
        tables=list(list_declared()),
        authors=list_authors(),
        pins=list_pins(),
    )


@router.get("/snapshots/compare")
def compare(
    request: Request,
    table: str,
    first: Annotated[int, Query(alias="from", ge=0)],
    last: Annotated[int | None, Query(alias="to", ge=0)] = None,
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    one = find_declared(table)
    newest = (read_newest() or (0, None))[0]
    last = newest if last is None else last
    difference = compare_snapshots(one, first, last, page)
    return render(
        request,
        "compare.html",
        tab="snapshots",
        one=one,
        first=first,
        last=last,
        newest=newest,
        page=page,
        page_rows=PAGE,
        difference=difference,
    )
