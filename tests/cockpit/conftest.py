"""The pages as a browser gets them, without Airflow: `browse()` for somebody who may do everything."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from watershed.cockpit import outages
from watershed.cockpit.app import PREFIX, make_app
from watershed.cockpit.guards import Guards, Rights
from watershed.warehouse.ledger import cache as mirror

Browse = Callable[..., TestClient]
USER = "ada"
EVERYTHING = Rights(act=True, administer=True)


@pytest.fixture
def browse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browse]:
    """Makes a client whose addresses begin at the pages' root: `browse().get("/tables")`. The mirror starts empty, with
    whatever lake the environment names."""
    mirror.MIRROR.stop()  # else a thread that is just looking notes in the new one what it found in another lake
    monkeypatch.setattr(mirror.MIRROR, "__dict__", vars(mirror.Mirror()))
    monkeypatch.setattr(outages.ASKED, "__dict__", vars(outages.LastAnswers()))
    with ExitStack() as stack:
        yield lambda rights=EVERYTHING: stack.enter_context(open_client(rights))
    mirror.MIRROR.stop()


def open_client(rights: Rights) -> TestClient:
    site = FastAPI()
    site.mount(PREFIX, make_app(Guards(name_user, name_user, name_user, lambda: rights)))
    return TestClient(site, base_url=f"http://testserver{PREFIX}/", raise_server_exceptions=False)


def forget_other_lakes() -> None:
    """Have the process's mirror begin anew: what it holds is a lake of other tests."""
    mirror.MIRROR.stop()
    vars(mirror.MIRROR).update(vars(mirror.Mirror()))


def name_user() -> str:
    return USER
