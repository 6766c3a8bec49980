"""What is in a table: a profile of its columns, and some of its rows. Fragments: they ask the lake, so nobody waits."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.declared import find_declared
from watershed.cockpit.guards import Looker, Seer
from watershed.cockpit.questions.cells import ask
from watershed.cockpit.questions.profiles import profile_table
from watershed.cockpit.rendering import render

router = APIRouter()

PREVIEW = 20


@router.get("/tables/{address}/profile")
def show_profile(request: Request, user: Looker, role: Seer, address: str) -> HTMLResponse:
    one = find_declared(address)
    return render(request, "profile.html", one=one, found=profile_table(user, role, address))


@router.get("/tables/{address}/preview")
def show_preview(request: Request, user: Looker, role: Seer, address: str) -> HTMLResponse:
    one = find_declared(address)
    found = ask(user, role, f"SELECT * FROM {one.address} LIMIT {PREVIEW}", PREVIEW)
    return render(request, "preview.html", one=one, found=found)
