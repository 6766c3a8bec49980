"""Run inside Airflow's environment: migrate the database, make the administrator, let everybody see the cockpit.

One process for both, since importing Airflow costs most of the time.
"""

from typing import Any

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import upgradedb
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from watershed.stack.airflow import ADMIN
from watershed.stack.home import open_home

LOOKING = ("Viewer", "User")  # roles that see data, and no plugins of their own accord


@providers_configuration_loaded
def prepare() -> None:
    upgradedb()
    with get_application_builder() as builder:
        make_admin(builder.sm, open_home().read_secret("airflow_password"))
        show_plugins(builder.sm)


def make_admin(security: Any, password: str) -> None:
    """The administrator with this password; an existing one gets it too, so that file and database agree."""
    role = security.find_role("Admin")
    user = security.find_user(ADMIN)
    if user is None:
        security.add_user(ADMIN, "Local", "Administrator", "admin@localhost.invalid", role, password)
    else:
        security.reset_password(user.id, password)


def show_plugins(security: Any) -> None:
    """Let those roles ask which plugins there are, as Airflow's page does: else the cockpit is not in their navigation.

    Airflow gives the right to Op and Admin only. A role keeps it when Airflow brings its own rights up to date.
    """
    security.sync_roles()
    permission = security.create_permission("can_read", "Plugins")
    for name in LOOKING:
        security.add_permission_to_role(security.find_role(name), permission)


if __name__ == "__main__":
    prepare()
