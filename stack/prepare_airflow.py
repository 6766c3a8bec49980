"""Run inside Airflow's environment: migrate the database, make the administrator.

One process for both, since importing Airflow costs most of the time.
"""

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import upgradedb
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from stack.airflow import ADMIN
from stack.home import open_home


@providers_configuration_loaded
def prepare() -> None:
    upgradedb()
    make_admin(open_home().read_secret("airflow_password"))


def make_admin(password: str) -> None:
    """The administrator with this password; an existing one gets it too, so that file and database agree."""
    with get_application_builder() as builder:
        security = builder.sm
        role = security.find_role("Admin")
        user = security.find_user(ADMIN)
        if user is None:
            security.add_user(ADMIN, "Local", "Administrator", "admin@localhost.invalid", role, password)
        else:
            security.reset_password(user.id, password)


if __name__ == "__main__":
    prepare()
