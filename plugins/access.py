"""Airflow's answers to what the cockpit asks of a user.

look: whoever may see assets (in FAB: Viewer and up). act: whoever may start runs (User and up). administer: whoever may
change roles (Admin).
"""

from collections.abc import Callable

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException

from cockpit.guards import Guards, Rights


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
    return Rights(act=may_act(auth, user), administer=may_administer(auth, user))


def guard(is_allowed: Callable[[BaseAuthManager, BaseUser], bool], what: str) -> Callable[[BaseUser], str]:
    def check(user: GetUserDep) -> str:
        if not is_allowed(get_auth_manager(), user):
            raise HTTPException(403, f"Your role in Airflow does not allow you to {what}: ask an administrator")
        return user.get_name()

    return check
