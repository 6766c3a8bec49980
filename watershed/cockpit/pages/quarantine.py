"""Quarantine: why rows and objects are not published, and what becomes of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.guards import Actor, Seer
from watershed.cockpit.questions.quarantine import (
    PAGE,
    Parked,
    Reason,
    list_decisions,
    list_quarantines,
    list_refused_objects,
    read_parked,
    sample_rows,
)
from watershed.cockpit.rendering import is_fragment, render
from watershed.declarations import find_source
from watershed.declarations.masking import is_hidden
from watershed.errors import InvalidInput
from watershed.flows.decisions.decide import About, record_decision
from watershed.serving.role_rows import explain_partial
from watershed.warehouse.ledger.cache import MIRROR

router = APIRouter(prefix="/quarantine")

Page = Annotated[int, Query(ge=1)]
Text = Annotated[str, Form()]


@router.get("")
def show_overview(request: Request, role: Seer, page: Page = 1) -> HTMLResponse:
    found = list_quarantines()
    shown = found[(page - 1) * PAGE : page * PAGE]
    refused = list_refused_objects(has_samples=not role.rows)
    return render(
        request,
        "quarantine.html",
        tab="quarantine",
        shown=shown,
        page=page,
        pages=-(-len(found) // PAGE) or 1,
        rows=sum(row["rows"] for row in found),
        refused=refused,
        decisions=list_decisions(),
        subject="",
        size=PAGE,
    )


@router.get("/decisions")
def show_decisions(request: Request, subject: str = "", page: Page = 1) -> HTMLResponse:
    """The list alone, for pages that have just decided something."""
    MIRROR.refresh()
    found = list_decisions(subject, page)
    template = "quarantine_decisions.html" if is_fragment(request) else "quarantine_decided.html"
    return render(request, template, tab="quarantine", decisions=found, subject=subject, decisions_page=page, size=PAGE)


@router.post("/decisions")
def decide_rows(
    request: Request,
    user: Actor,
    role: Seer,
    kind: Annotated[Literal["drop", "replay"], Form()],
    table: Text,
    source: Text,
    rule: Text,
    reason: Text,
    rows: Annotated[int, Form()],
    snapshot: Annotated[int, Form()],
    why: Text = "",
) -> HTMLResponse:
    """Rows of one reason: those that the person has seen, in the version of the lake that the page was made of."""
    parked = read_parked(table, role)
    chosen = find_reason(parked, source, rule, reason)
    if chosen is None:
        raise HTTPException(409, "Nothing is decided: no row is in quarantine for this reason any more")
    about = About(source, rule=rule, reason=reason, sentence=chosen.reason, rows=rows, snapshot=snapshot)
    return decide(request, kind, parked.address, about, why, user)


@router.post("/refusals")
def decide_refused(
    request: Request,
    user: Actor,
    kind: Annotated[Literal["accept", "replay", "leave"], Form()],
    source: Text,
    raw_object: Annotated[list[str], Form()],
    why: Text = "",
) -> HTMLResponse:
    if strange := [key for key in raw_object if not key.startswith(f"raw/{find_source(source).name}/")]:
        raise HTTPException(422, f"Nothing is decided: {strange[0]} is not a raw object of {source}")
    return decide(request, kind, source, About(source, raw_object), why, user)


def decide(
    request: Request, kind: Literal["drop", "replay", "accept", "leave"], subject: str, about: About,
    why: str, user: str,
) -> HTMLResponse:  # fmt: skip
    try:
        decision_id = record_decision(kind, subject, about, why, user)
    except InvalidInput as error:
        raise HTTPException(422, f"Nothing is decided: {error}") from error
    MIRROR.refresh()
    return render(request, "decision_recorded.html", decision_id=decision_id, kind=kind)


@router.get("/{table}")
def show_quarantine(
    request: Request, role: Seer, table: str, source: str = "", rule: str = "", reason: str = "", page: Page = 1
) -> HTMLResponse:
    """A table's reasons; with source, rule and reason (its numbers as N) the rows of that one too, unless the role sees
    some rows of the table only: of bad rows nobody can tell which."""
    parked = read_parked(table, role)
    chosen = find_reason(parked, source, rule, reason)
    partial = explain_partial(role, [parked.table.address])
    rows = sample_rows(parked, chosen, page, role) if chosen and not partial else []
    template = "quarantine_rows.html" if is_fragment(request) else "quarantine_table.html"
    return render(
        request,
        template,
        tab="quarantine",
        parked=parked,
        chosen=chosen,
        samples=rows,
        partial=partial,
        is_masked=is_hidden(parked.table.name, role),
        page=page,
        pages=-(-chosen.rows // PAGE) if chosen else 1,
        decisions=[] if is_fragment(request) else list_decisions(parked.address),
        subject=parked.address,
        size=PAGE,
    )


def find_reason(parked: Parked, source: str, rule: str, pattern: str) -> Reason | None:
    """The chosen reason; without a choice the most frequent one, None where nothing is left."""
    asked = (source, rule, pattern)
    fitting = [one for one in parked.reasons if (one.source, one.rule, one.pattern) == asked or not any(asked)]
    return fitting[0] if fitting else None
