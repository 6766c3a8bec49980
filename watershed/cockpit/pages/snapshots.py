"""Snapshots: every version of the lake, and how a table differs between two of them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.declared import find_declared, list_declared
from watershed.cockpit.guards import Seer
from watershed.cockpit.moments import find_end
from watershed.cockpit.questions.differences import PAGE, compare_snapshots
from watershed.cockpit.questions.snapshots import find_snapshot, find_snapshots, list_books_of, list_decided, list_pins
from watershed.cockpit.questions.versions import KINDS, UPKEEP, Sought, list_authors, read_ends
from watershed.cockpit.rendering import is_fragment, render
from watershed.errors import InvalidInput

router = APIRouter()

MOST = 2**63 - 1  # that the catalogue can number
Number = Annotated[int, Query(ge=0, le=MOST)]


def read_day(text: str, zone: str) -> date | None:
    """None of an empty field. Raises HTTPException, for a zone that is none as well."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(422, f"{text!r} is not a day: days are spelled 2024-03-05") from None
    try:
        if day:
            find_end(day, zone)
    except InvalidInput as error:
        raise HTTPException(422, str(error)) from error
    return day


@router.get("/snapshots")
def show_snapshots(
    request: Request,
    before: Number | None = None,
    after: Number | None = None,
    until: str = "",
    zone: str = "UTC",
    table: str = "",
    author: str = "",
    kind: str = "",
    upkeep: str = "",
) -> HTMLResponse:
    """Below `before`, above `after`, not after the day `until` of a zone; what changes no row only with
    `upkeep=shown`."""
    sought = Sought(before, after, read_day(until, zone), table, author, kind, upkeep != "shown", zone)
    return render(
        request,
        "snapshots_list.html" if is_fragment(request) else "snapshots.html",
        tab="snapshots",
        timeline=find_snapshots(sought),
        sought=sought,
        tables=list(list_declared()),
        authors=list_authors(),
        kinds=KINDS,
        upkeep=UPKEEP,
        pins=list_pins(),
    )


@router.get("/snapshots/compare")
def compare(
    request: Request,
    role: Seer,
    table: str,
    first: Annotated[int, Query(alias="from", ge=0, le=MOST)],
    last: Annotated[int | None, Query(alias="to", ge=0, le=MOST)] = None,
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    one = find_declared(table)
    _, newest = read_ends()
    last = newest if last is None else last
    difference = compare_snapshots(one, first, last, role, page)
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
        role=role,
    )


@router.get("/snapshots/{number}")
def show_snapshot(request: Request, number: Annotated[int, Path(ge=0, le=MOST)]) -> HTMLResponse:
    oldest, newest = read_ends()
    return render(
        request,
        "snapshot.html",
        tab="snapshots",
        s=find_snapshot(number),
        books=list_books_of(number),
        decided=list_decided(number),
        tables=list(list_declared()),
        oldest=oldest,
        newest=newest,
    )
