"""The application: every module of `pages/` contributes its router, and nothing answers without a guard."""

import importlib
import pkgutil
from collections.abc import Sequence

import duckdb
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, RedirectResponse
from starlette.exceptions import HTTPException

from watershed.cockpit import pages
from watershed.cockpit.guards import Guards, may_act, may_administer, may_look, note_rights, read_rights
from watershed.cockpit.outages import UNREACHED
from watershed.cockpit.rendering import STATIC, catch_up, show_error, sign_asset
from watershed.cockpit.safety import SafeResponses
from watershed.errors import UserError
from watershed.serving.turns import Busy, PagesTakeTurns

PREFIX = "/watershed"
EXPECTED = (Busy, HTTPException, RequestValidationError, UserError, duckdb.Error, *UNREACHED)


def make_app(guards: Guards) -> FastAPI:
    """The pages, to be mounted at PREFIX. Importing and making it touches no server: that waits for a request."""
    everywhere = [Depends(may_look), Depends(note_rights), Depends(catch_up)]
    app = FastAPI(title="Watershed", docs_url=None, redoc_url=None, openapi_url=None, dependencies=everywhere)
    app.dependency_overrides = {
        may_look: guards.look,
        may_act: guards.act,
        may_administer: guards.administer,
        read_rights: guards.rights,
    }
    for router in load_routers():
        app.include_router(router)
    app.add_api_route("/", send_home, include_in_schema=False)
    app.add_api_route("/static/{name:path}", send_asset, include_in_schema=False)
    for kind in (*EXPECTED, Exception):
        app.add_exception_handler(kind, show_error)
    app.add_middleware(PagesTakeTurns)
    app.add_middleware(SafeResponses)
    return app


def load_routers() -> Sequence[APIRouter]:
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    return [importlib.import_module(f"watershed.cockpit.pages.{name}").router for name in names]


def send_home(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/tables")


def send_asset(name: str, v: str = "") -> FileResponse:
    """A built file of `static/`: script, style, font. Nothing outside that folder.

    A page asks for the version `v` that it was made for, which browsers may keep; anything else they ask for again.
    """
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file():
        raise HTTPException(404, f"there is no asset {name!r}")
    keeps = "private, max-age=31536000, immutable" if sign_asset(name) == f"{name}?v={v}" else "no-cache"
    return FileResponse(path, headers={"Cache-Control": keeps})
