"""The application: every module of `pages/` contributes its router, and nothing answers without a guard."""

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from cockpit import pages
from cockpit.guards import Guards, may_act, may_administer, may_look
from cockpit.rendering import show_error

PREFIX = "/watershed"
STATIC = Path(__file__).with_name("static")


def make_app(guards: Guards) -> FastAPI:
    """The pages, to be mounted at PREFIX. Importing and making it touches no server: that waits for a request."""
    app = FastAPI(title="Watershed", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(may_look)])
    app.dependency_overrides = {may_look: guards.look, may_act: guards.act, may_administer: guards.administer}
    for router in load_routers():
        app.include_router(router)
    app.add_api_route("/static/{name:path}", send_asset, include_in_schema=False)
    app.add_exception_handler(HTTPException, show_error)
    app.add_exception_handler(Exception, show_error)
    return app


def load_routers() -> Sequence[APIRouter]:
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    return [importlib.import_module(f"cockpit.pages.{name}").router for name in names]


def send_asset(name: str) -> FileResponse:
    """A built file of `static/`: script, style, font. Nothing outside that folder."""
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file():
        raise HTTPException(404, f"there is no asset {name!r}")
    return FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})
