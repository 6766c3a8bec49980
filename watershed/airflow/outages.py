"""Answers for our pages while Airflow's own database is away, and with it every login.

Airflow reads the user of a cookie before any plugin is asked, and fails with it. Its extension point for what has to
stand before that is the auth manager, so `[core] auth_manager` in airflow.cfg names the one below: FAB's, unchanged
but for this. Nobody is let in: the page names the servers that are away, and nothing else.
"""

from typing import Any

from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from sqlalchemy.exc import OperationalError

from watershed.airflow.plugin import PREFIX


class OutageTellingFabAuthManager(FabAuthManager):
    """FAB's, with a middleware in front of logins."""

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        return [*super().get_fastapi_middlewares(), (OutageAnswers, {})]


class OutageAnswers:
    """ASGI middleware: a page of ours that fails because the database does not answer says so."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            return await self.app(scope, receive, send)
        has_begun = False

        async def note(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            return await self.app(scope, receive, note)
        except OperationalError as error:
            if has_begun:
                raise
            return await answer_outage(scope, receive, send, error)


async def answer_outage(scope: Any, receive: Any, send: Any, error: Exception) -> None:
    from starlette.requests import Request

    from watershed.cockpit.guards import Rights
    from watershed.cockpit.rendering import show_error
    from watershed.cockpit.safety import CARRIED

    request = Request(scope | {"root_path": f"{scope.get('root_path', '')}{PREFIX}", "state": {"rights": Rights()}})
    answer = await show_error(request, error)
    answer.headers.update(CARRIED | {"Cache-Control": "no-store"})
    await answer(scope, receive, send)
