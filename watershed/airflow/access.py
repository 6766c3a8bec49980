"""Airflow's answers to what the cockpit asks of a user.

look: whoever may see assets (in FAB: Viewer and up). act: whoever may start runs (User and up). administer: whoever may
change roles (Admin). What somebody sees of the data follows from their roles in Airflow too (contracts/roles.py).
"""

from collections.abc import Callable

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException
from sqlalchemy import select

from watershed.cockpit.guards import Guards, Rights
from watershed.cockpit.roles import Person
from watershed.declarations.roles import choose_role


def make_guards() -> Guards:
    return Guards(
        look=guard(may_look, "see data"),
        act=guard(may_act, "start runs"),
        administer=guard(may_administer, "change tables"),
        rights=list_rights,
    )


def may_look(auth: BaseAuthManager, user: BaseUser) -> bool:
    return auth.is_authorized_asset(method="GET", user=user)


def may_act(auth: BaseAuthManager, user: BaseUser) -> bool:
    return auth.is_authorized_dag(method="POST", access_entity=DagAccessEntity.RUN, user=user)


def may_administer(auth: BaseAuthManager, user: BaseUser) -> bool:
    return auth.is_authorized_custom_view(method="PUT", resource_name="Roles", user=user)


def list_rights(user: GetUserDep) -> Rights:
    auth = get_auth_manager()
    act, administer = may_act(auth, user), may_administer(auth, user)
    return Rights(act, administer, choose_role(list_roles(user) or guess_roles(act, administer)))


def list_roles(user: BaseUser) -> list[str]:
    """The names of the user's roles, where Airflow's auth manager has such: FAB does."""
    return [role.name for role in getattr(user, "roles", ())]


def list_people() -> list[Person]:
    """The users of Airflow with their roles, where FAB manages them; nobody knows others before they log in."""
    if not hasattr(get_auth_manager(), "security_manager"):
        return []
    from airflow.providers.fab.auth_manager.models import User
    from airflow.utils.session import create_session

    with create_session() as session:
        users = session.scalars(select(User).where(User.active.is_(True))).unique().all()
        return [Person(user.username, tuple(sorted(list_roles(user)))) for user in users]


def guess_roles(act: bool, administer: bool) -> list[str]:
    """What the user would be in FAB, by what they may do."""
    return ["Viewer"] + ["User"] * act + ["Admin"] * administer


def guard(is_allowed: Callable[[BaseAuthManager, BaseUser], bool], what: str) -> Callable[[BaseUser], str]:
    def check(user: GetUserDep) -> str:
        if not is_allowed(get_auth_manager(), user):
            raise HTTPException(403, f"Your role in Airflow does not allow you to {what}: ask an administrator")
        return user.get_name()

    return check
