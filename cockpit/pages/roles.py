"""Who sees what: roles by columns and rows, and who has which; for administrators."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from cockpit.guards import Administrator
from cockpit.rendering import render
from cockpit.roles import Person, list_holders, list_limits, list_people, list_sights
from contracts.roles import ROLES

router = APIRouter()


@router.get("/roles")
def show_roles(
    request: Request, user: Administrator, people: Annotated[Sequence[Person], Depends(list_people)]
) -> HTMLResponse:
    holders = {role.name: list_holders(role, people) for role in ROLES}
    limits = {role.name: list_limits(role) for role in ROLES}
    return render(request, "roles.html", tab="roles", roles=ROLES, holders=holders, limits=limits, sights=list_sights())
