"""Who sees what: roles by columns and rows, and who has which; for administrators."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.guards import Administrator
from watershed.cockpit.rendering import render
from watershed.cockpit.roles import Person, list_holders, list_limits, list_people, list_sights
from watershed.declarations.roles import list_roles

router = APIRouter()


@router.get("/roles")
def show_roles(
    request: Request, user: Administrator, people: Annotated[Sequence[Person], Depends(list_people)]
) -> HTMLResponse:
    roles = list_roles()
    holders = {role.name: list_holders(role, people) for role in roles}
    limits = {role.name: list_limits(role) for role in roles}
    return render(request, "roles.html", tab="roles", roles=roles, holders=holders, limits=limits, sights=list_sights())
