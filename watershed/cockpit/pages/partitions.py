"""A partition: a day of a table, or all of one that has no days. Its runs, books, inputs, checks and bad rows."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.declared import Declared, find_declared
from watershed.cockpit.questions.checks import list_checks
from watershed.cockpit.questions.months import SIGNS
from watershed.cockpit.questions.partitions import find_partition, list_partitions
from watershed.cockpit.questions.publishes import list_books, list_inputs, list_publishes_of, sample_quarantined
from watershed.cockpit.questions.rebuilds import list_rebuilds, read_sources
from watershed.cockpit.rendering import render
from watershed.errors import NotFound

router = APIRouter()

WHOLE = "all"


@router.get("/tables/{address}/partitions/{key}")
def show_partition(request: Request, address: str, key: str) -> HTMLResponse:
    one = find_declared(address)
    day = read_key(one, key)
    partition = find_partition(address, day) if day else None
    publishes = list_publishes_of(address, day)
    days = sorted(list_partitions(address))
    return render(
        request,
        "partition.html",
        tab="tables",
        one=one,
        key=key,
        day=day,
        partition=partition,
        signs=SIGNS,
        publishes=publishes,
        books=list_books(address, day) if day and not one.is_mart else [],
        inputs=list_inputs(one, day) if one.is_mart else [],
        checks=list_checks(address, publishes[0]["snapshot_id"] if publishes else None),
        rebuilds=list_rebuilds(one, partition, key, read_sources(one, [day]).get(day, []) if day else []),
        before=max((d for d in days if day and d < day), default=None),
        after=min((d for d in days if day and d > day), default=None),
    )


@router.get("/tables/{address}/partitions/{key}/quarantined")
def show_quarantined(request: Request, address: str, key: str) -> HTMLResponse:
    """The fragment with bad rows: it reads the lake, so the page does not wait for it."""
    one = find_declared(address)
    day = read_key(one, key)
    books = [line for line in list_books(address, day) if line["rows_quarantined"]] if day else []
    rows = sample_quarantined(address, [line["raw_object"] for line in books]) if one.has_quarantine else []
    return render(request, "partition_quarantined.html", one=one, rows=rows)


def read_key(one: Declared, key: str) -> date | None:
    """The day that an address names; None for a table without days. Raises NotFound."""
    if one.day is None and key == WHOLE:
        return None
    try:
        if one.day is not None:
            return date.fromisoformat(key)
    except ValueError:
        pass
    raise NotFound(f"{one.address} has no partition {key!r}: {'days are spelled 2024-03-05' if one.day else WHOLE}")
