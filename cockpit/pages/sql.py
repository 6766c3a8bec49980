"""SQL: a question to the warehouse, its answer as a grid, a chart or a file."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.background import BackgroundTask

from cockpit.asking import DESK
from cockpit.guards import Looker
from cockpit.rendering import render
from contracts.settings import read_setting
from lineage.columns import list_columns
from warehouse.mirror import MIRROR

router = APIRouter()

SHOWN = 1000
EXPORTED = 1_000_000
PINS = """
    SELECT name, arg_max(pinned_snapshot_id, snapshot_id) AS version FROM pins
    GROUP BY name HAVING version IS NOT NULL ORDER BY name
"""
TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}

Text = Annotated[str, Form()]


@router.get("/sql")
def show_editor(request: Request, user: Looker, query: str = "", snapshot: str = "") -> HTMLResponse:
    """The editor, with `query` in it, which runs when `Run` is pressed: a link must not ask by itself."""
    limits = {"seconds": read_setting("sql_seconds", "30"), "shown": SHOWN, "exported": EXPORTED}
    pins = MIRROR.ask(PINS)
    return render(request, "sql.html", tab="sql", query=query, snapshot=snapshot, pins=pins, limits=limits, user=user)


@router.get("/sql/names")
def list_names() -> dict[str, list[str]]:
    """For completion: columns by the address of every table, mart and view, and of the ledger."""
    return {address: list(names) for address, names in list_columns().items() if not address.startswith("features.")}


@router.post("/sql/run")
def run_query(user: Looker, query: Text, name: Text, snapshot: Text = "") -> JSONResponse:
    """The first rows as JSON. An error is an answer too, with the place in the query where it is known."""
    return JSONResponse(ask(user, name, query, snapshot, {"shown": SHOWN}))


@router.post("/sql/cancel")
def cancel_query(name: Text) -> dict[str, bool]:
    """End a question that is being answered. Its name is known to nobody but who asked it."""
    DESK.cancel(name)
    return {"isCancelled": True}


@router.post("/sql/export")
def export_rows(
    user: Looker, query: Text, name: Text, format: Annotated[Literal["csv", "parquet"], Form()], snapshot: Text = ""
) -> Any:
    """All rows as a file. More than EXPORTED are refused."""
    handle, path = tempfile.mkstemp(prefix="watershed-export-", suffix=f".{format}")
    os.close(handle)
    answer = ask(user, name, query, snapshot, {"path": path, "format": format, "most": EXPORTED})
    if "error" in answer:
        Path(path).unlink()
        return JSONResponse(answer, 422)
    name = f"watershed-{datetime.now(UTC):%Y%m%d-%H%M%S}.{format}"
    return FileResponse(path, media_type=TYPES[format], filename=name, background=BackgroundTask(Path(path).unlink))


def ask(user: str, name: str, query: str, snapshot: str, how: dict[str, Any]) -> dict[str, Any]:
    return DESK.ask(user, name, {"query": query, "snapshot": snapshot, **how})
