"""Puts the cockpit into Airflow's web server and its navigation.

Every component of Airflow imports this file; the application and what it needs load at its first request.
"""

from functools import cached_property
from typing import Any

import pyarrow  # noqa: F401  # the DAG processor forks to read each file: most of what that took was this import
from airflow.plugins_manager import AirflowPlugin

PREFIX = "/watershed"


class LazyApp:
    """An ASGI application that is made when somebody asks for a page."""

    @cached_property
    def app(self) -> Any:
        from watershed.airflow import access, task_readings
        from watershed.cockpit.app import make_app
        from watershed.cockpit.questions.health import list_tasks
        from watershed.cockpit.roles import list_people

        app = make_app(access.make_guards())
        app.dependency_overrides[list_tasks] = task_readings.list_tasks
        app.dependency_overrides[list_people] = access.list_people
        return app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class CockpitPlugin(AirflowPlugin):
    """`/watershed`, its entry in the navigation, and a tab in the pages of each DAG and each run."""

    name = "watershed"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": PREFIX, "name": "Watershed"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Watershed",
            "href": f"{PREFIX}/tables",
            "destination": "nav",
            "url_route": "watershed",
            "nav_top_level": True,
        },
        {
            "name": "Data",
            "href": f"{PREFIX}/dags/{{DAG_ID}}",
            "destination": "dag",
            "url_route": "watershed-data",
        },
        {
            "name": "Books",
            "href": f"{PREFIX}/dags/{{DAG_ID}}/runs/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "watershed-books",
        },
    ]
