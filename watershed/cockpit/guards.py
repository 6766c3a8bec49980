"""Who may do what. Airflow's auth manager decides; here are the questions that a route can depend on.

A route names one of these in `Depends`; the plugin puts Airflow's answers in their place. Where it did not, nobody
gets in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from watershed.declarations.roles import Role, find_least_role


@dataclass(frozen=True)
class Rights:
    """What the user may do besides looking, templates leave out the buttons that a route would refuse; and whose role
    in the lake it is: what the user sees of it."""

    act: bool = False
    administer: bool = False
    role: Role = field(default_factory=find_least_role)


def grant_nothing() -> Rights:
    return Rights()


@dataclass(frozen=True)
class Guards:
    """Dependencies of FastAPI that take the place of the functions below: each returns a user name, or raises
    HTTPException 401 or 403; `rights` raises nothing."""

    look: Callable[..., Any]
    act: Callable[..., Any]
    administer: Callable[..., Any]
    rights: Callable[..., Rights] = grant_nothing


def may_look() -> str:
    """The name of the user, who may see pages and ask read-only SQL."""
    raise HTTPException(401, "Log in to Airflow first")


def may_act() -> str:
    """The name of the user, who may start runs and decide about quarantine."""
    raise HTTPException(401, "Log in to Airflow first")


def may_administer() -> str:
    """The name of the user, who may roll tables back."""
    raise HTTPException(401, "Log in to Airflow first")


def read_rights() -> Rights:
    return Rights()


def note_rights(request: Request, rights: Annotated[Rights, Depends(read_rights)]) -> None:
    """Put the user's rights where `render` finds them."""
    request.state.rights = rights


def read_role(rights: Annotated[Rights, Depends(read_rights)]) -> Role:
    """What the user sees of the lake."""
    return rights.role


Allowed = Annotated[Rights, Depends(read_rights)]
Seer = Annotated[Role, Depends(read_role)]
Looker = Annotated[str, Depends(may_look)]
Actor = Annotated[str, Depends(may_act)]
Administrator = Annotated[str, Depends(may_administer)]
