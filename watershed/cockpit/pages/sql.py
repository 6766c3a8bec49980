"""SQL: a question to the warehouse, its answer as a grid, a chart or a file."""

import asyncio
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from watershed.cockpit.guards import Allowed, Looker, Seer
from watershed.cockpit.questions.catalogue import read_tables_version
from watershed.cockpit.questions.saved import find_saved
from watershed.cockpit.rendering import render
from watershed.serving.sql_pool import DESK, PAGE
from watershed.serving.turns import RETRY_S, Busy
from watershed.serving.vocabulary import read_vocabulary
from watershed.settings import read_setting
from watershed.warehouse.ledger.cache import MIRROR

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
def show_editor(
    request: Request, user: Looker, rights: Allowed, query: str = "", snapshot: str = "", saved: str = ""
) -> HTMLResponse:
    """The editor, with `query` in it, or the saved question, which runs when `Run` is pressed: a link must not ask by
    itself, since it would ask as whoever opens it. The script keeps what is written behind the `#` of the address."""
    limits = {"seconds": read_setting("sql_seconds", "30"), "shown": SHOWN, "exported": EXPORTED}
    one = find_saved(saved, user, rights.administer) if saved else None
    if one and not query:
        query, snapshot = one.query, one.as_of
    values: dict[str, Any] = {"query": query, "snapshot": snapshot, "limits": limits, "user": user}
    return render(request, "sql.html", tab="sql", one=one, pins=MIRROR.ask(PINS), **values)


@router.get("/sql/names")
async def list_names(user: Looker, role: Seer) -> Response:
    """What the reader's role may ask about, for the tree and for completion."""
    version = await run_in_threadpool(read_tables_version)
    try:
        return JSONResponse(await read_vocabulary(user, role, version))
    except Busy as busy:
        return refuse(busy)


@router.post("/sql/run")
async def run_query(
    request: Request, user: Looker, role: Seer, query: Text, name: Text, snapshot: Text = ""
) -> Response:
    """The first rows as JSON. An error is an answer too, with the place in the query where it is known."""
    try:
        question = {"query": query, "role": role.name, "snapshot": snapshot, "shown": SHOWN, "by": PAGE}
        answer = await ask(request, user, name, question)
    except Busy as busy:
        return refuse(busy)
    return Response(answer, media_type="application/json")


@router.post("/sql/cancel")
async def cancel_query(user: Looker, name: Text) -> dict[str, bool]:
    """End a question that is being answered. So does whoever asked by going away."""
    DESK.cancel(user, name)
    return {"isCancelled": True}


@router.post("/sql/export")
async def export_rows(
    request: Request,
    user: Looker,
    role: Seer,
    query: Text,
    name: Text,
    format: Annotated[Literal["csv", "parquet"], Form()],
    snapshot: Text = "",
) -> Response:
    """All rows as a file. More than EXPORTED are refused."""
    handle, path = tempfile.mkstemp(prefix="watershed-export-", suffix=f".{format}")
    os.close(handle)
    how = {"path": path, "format": format, "most": EXPORTED, "by": PAGE}
    try:
        answer = await ask(request, user, name, {"query": query, "role": role.name, "snapshot": snapshot, **how})
    except Busy as busy:
        Path(path).unlink()
        return refuse(busy)
    except BaseException:
        Path(path).unlink()
        raise
    if "error" in json.loads(answer):
        Path(path).unlink()
        return Response(answer, 422, media_type="application/json")
    name = f"watershed-{datetime.now(UTC):%Y%m%d-%H%M%S}.{format}"
    return FileResponse(path, media_type=TYPES[format], filename=name, background=BackgroundTask(Path(path).unlink))


async def ask(request: Request, user: str, name: str, question: dict[str, Any]) -> bytes:
    """The answer as JSON. The query ends when the browser goes away. Raises Busy."""
    job = asyncio.ensure_future(DESK.ask(user, name, question))
    gone = asyncio.ensure_future(wait_until_gone(request))
    try:
        await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise HTTPException(499, "nobody waits for the answer")
        return job.result()
    finally:
        job.cancel()
        gone.cancel()


def refuse(busy: Busy) -> JSONResponse:
    return JSONResponse({"error": str(busy)}, 429, {"Retry-After": str(RETRY_S)})


async def wait_until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
