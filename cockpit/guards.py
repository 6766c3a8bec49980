"""Who may do what. Airflow's auth manager decides; here are the questions that a route can depend on.

A route names one of these in `Depends`; the plugin puts Airflow's answers in their place. Where it did not, nobody gets in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException


@dataclass(frozen=True)
class Guards:
    """Dependencies of FastAPI that take the place of the functions below: each returns a user name, or raises
    HTTPException 401 or 403."""

    look: Callable[..., Any]
    act: Callable[..., Any]
    administer: Callable[..., Any]


def may_look() -> str:
    """The name of the user, who may see pages and ask read-only SQL."""
    raise HTTPException(401, "Log in to Airflow first")


def may_act() -> str:
    """The name of the user, who may start runs and decide about quarantine."""
    raise HTTPException(401, "Log in to Airflow first")


def may_administer() -> str:
    """The name of the user, who may roll tables back."""
    raise HTTPException(401, "Log in to Airflow first")


Looker = Annotated[str, Depends(may_look)]
Actor = Annotated[str, Depends(may_act)]
Administrator = Annotated[str, Depends(may_administer)]
