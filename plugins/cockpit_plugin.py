"""Puts the cockpit into Airflow's web server and its navigation.

Every component of Airflow imports this file; the application and what it needs load at its first request.
"""

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/watershed"


class LazyApp:
    """An ASGI application that is made when somebody asks for a page."""

    @cached_property
    def app(self) -> Any:
        from cockpit.app import make_app
        from plugins.access import make_guards

        return make_app(make_guards())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class CockpitPlugin(AirflowPlugin):
    """`/watershed` and its entry in the navigation."""

    name = "watershed"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": PREFIX, "name": "Watershed"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Watershed",
            "href": f"{PREFIX}/tables",
            "destination": "nav",
            "url_route": "watershed",
            "nav_top_level": True,
        }
    ]
