"""Questions that people keep and share, and those that they have asked. Whoever may look may keep their own."""

from typing import Annotated

import psycopg
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse

from watershed.cockpit.guards import Allowed, Looker
from watershed.cockpit.questions.saved import SHOWN, find_saved, list_past, list_saved
from watershed.cockpit.rendering import render
from watershed.errors import NotFound, UserError
from watershed.serving.saved_questions import MOST, Told, change_question, delete_question, save_question
from watershed.warehouse.ledger.cache import MIRROR

router = APIRouter(prefix="/sql")

Text = Annotated[str, Form()]
Switch = Annotated[bool, Form()]


@router.get("/saved")
def show_saved(request: Request, user: Looker, rights: Allowed) -> HTMLResponse:
    """A fragment: one's own and shared ones."""
    return render(request, "sql_saved.html", saved=list_saved(user, rights.administer), user=user, most=MOST)


@router.post("/saved")
def save(
    user: Looker,
    rights: Allowed,
    name: Text = "",
    query: Text = "",
    snapshot: Text = "",
    shared: Switch = False,
    question: Text = "",
) -> JSONResponse:
    """A new question, or the changed `question`. Answers with its id, or with `error`, a sentence."""
    told = Told(name, query, snapshot, shared)
    try:
        if question:  # before the lake is asked, which asks again
            find_saved(question, user, rights.administer).verify_change(user, rights.administer)
        one = change_question(question, user, rights.administer, told) if question else save_question(user, told)
    except (UserError, psycopg.errors.LockNotAvailable) as error:
        return refuse(error)
    MIRROR.refresh()
    return JSONResponse({"id": one.question_id, "name": one.name, "isShared": one.is_shared})


@router.post("/saved/delete")
def delete(user: Looker, rights: Allowed, question: Text = "") -> JSONResponse:
    try:
        find_saved(question, user, rights.administer).verify_change(user, rights.administer)
        delete_question(question, user, rights.administer)
    except (UserError, psycopg.errors.LockNotAvailable) as error:
        return refuse(error)
    MIRROR.refresh()
    return JSONResponse({"isDeleted": True})


def refuse(error: Exception) -> JSONResponse:
    if not isinstance(error, UserError):
        return JSONResponse({"error": "others are writing to the lake: try again in some seconds"}, 503)
    status = 404 if isinstance(error, NotFound) else 403 if isinstance(error, PermissionError) else 422
    return JSONResponse({"error": str(error)}, status)


@router.get("/history")
def show_history(request: Request, user: Looker, rights: Allowed, everybody: bool = False) -> HTMLResponse:
    """A fragment: one's own questions, failures too; those of everybody for an administrator."""
    if everybody and not rights.administer:
        raise HTTPException(403, "Only administrators may see what others have asked")
    past = list_past(None if everybody else user)
    return render(request, "sql_history.html", past=past, everybody=everybody, most=SHOWN)
