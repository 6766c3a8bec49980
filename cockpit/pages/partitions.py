"""A partition: a day of a table, or all of one that has no days. Its runs, books, inputs, checks and bad rows."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cockpit.declared import Declared, find_declared
from cockpit.months import SIGNS
from cockpit.partitions import Partition, find_partition, list_partitions
from cockpit.publishes import (
    list_books,
    list_checks,
    list_inputs,
    list_publishes_of,
    sample_quarantined,
)
from cockpit.rendering import is_fragment, render
from warehouse.mirror import MIRROR

router = APIRouter()

WHOLE = "all"


@router.get("/tables/{address}/partitions/{key}")
def show_partition(request: Request, address: str, key: str) -> HTMLResponse:
    if is_fragment(request):  # a run has ended: what it published is to be seen at once
        MIRROR.refresh()
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
        rebuilds=list_rebuilds(one, partition, key),
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
    """The day that an address names; None for a table without days. Raises LookupError."""
    if one.day is None and key == WHOLE:
        return None
    try:
        if one.day is not None:
            return date.fromisoformat(key)
    except ValueError:
        pass
    raise LookupError(f"{one.address} has no partition {key!r}: {'days are spelled 2024-03-05' if one.day else WHOLE}")


def list_rebuilds(one: Declared, partition: Partition | None, key: str) -> list[dict[str, object]]:
    """The runs that somebody may start: DAG, params and partition key, and what the button says."""
    if one.is_mart:
        needs_force = partition is None or not partition.needs_attention
        return [{"dag": "build_marts", "conf": {"force": needs_force}, "key": key, "says": "Rebuild"}]
    if not one.sources or one.is_live or partition is None:
        return []
    if partition.state in ("missing", "blocked") and not partition.rows:
        return [{"dag": dag, "conf": {}, "key": "", "says": f"Take what has arrived ({dag})"} for dag in one.dag_ids]
    sources = sorted({line["source"] for line in list_books(one.address, partition.day)})
    return [
        {"dag": f"ingest_{source}", "conf": {}, "key": key, "says": f"Rebuild from raw ({source})"}
        for source in sources
    ]
