"""What every page has: headers, its errors as sentences, assets that browsers may keep, no changes from elsewhere."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from tests.cockpit.conftest import Browse, name_user
from watershed.cockpit.app import load_routers, make_app
from watershed.cockpit.guards import Guards, Rights, may_act, may_administer, may_look
from watershed.cockpit.rendering import link_pages


def test_an_address_that_is_none_is_answered_with_a_page(browse: Browse) -> None:
    answer = browse().get("nothing")
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text and "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_an_asset_is_kept_until_it_changes(browse: Browse) -> None:
    client = browse()
    (asset,) = re.findall(r'href="/watershed/static/(cockpit.css\?v=\w+)"', client.get("nothing").text)
    assert "immutable" in client.get(f"static/{asset}").headers["cache-control"]
    assert client.get("static/cockpit.css?v=old").headers["cache-control"] == "no-cache"
    assert client.get("static/%2e%2e/app.py").status_code == 404


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"}, True),
        ({"Origin": "http://elsewhere"}, True),
        ({"Origin": "http://testserver"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({}, False),
    ],
)
def test_other_sites_change_nothing(browse: Browse, headers: dict[str, str], is_refused: bool) -> None:
    answer = browse().post("nothing", headers=headers)
    assert answer.status_code == (403 if is_refused else 404)


def test_what_fails_says_no_secrets(browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_CATALOG_URL", "postgresql://someone:hidden-word@127.0.0.1:1/none")
    answer = browse().get("tables")
    assert answer.status_code >= 500
    assert "hidden-word" not in answer.text and 'role="alert"' in answer.text


def test_only_posts_change_something() -> None:
    app = make_app(Guards(name_user, name_user, name_user, lambda: Rights()))
    methods = {m for router in load_routers() for r in router.routes if isinstance(r, APIRoute) for m in r.methods}
    assert methods <= {"GET", "POST"} and app.openapi_url is None


def test_a_browser_without_login_is_sent_to_airflows_and_comes_back() -> None:
    airflow = FastAPI()
    airflow.mount("/watershed", make_app(Guards(may_look, may_act, may_administer)))
    client = TestClient(airflow, follow_redirects=False)
    page = client.get("/watershed/tables?page=2&sort=rows", headers={"Accept": "text/html,*/*;q=0.8"})
    login = "/api/v2/auth/login?next=%2Fwatershed%2Ftables%3Fpage%3D2%26sort%3Drows"
    assert (page.status_code, page.headers["location"]) == (303, login)
    piece = {"Accept": "text/html", "HX-Request": "true"}
    for headers in ({}, piece, {"Accept": "text/html", "Sec-Fetch-Dest": "empty"}, {"Accept": "text/css"}):
        assert client.get("/watershed/tables", headers=headers).status_code == 401
    assert client.post("/watershed/sql/run", headers={"Accept": "text/html"}).status_code == 401


def test_advice_links_the_pages_that_it_names() -> None:
    told = link_pages("See Objects that were refused, or `watershed refused`; the page Snapshots & <b>more</b>", "/w")
    assert told == (
        'See <a href="/w/quarantine#refused">Objects that were refused</a>, or <code>watershed refused</code>; '
        'the page <a href="/w/snapshots">Snapshots</a> &amp; &lt;b&gt;more&lt;/b&gt;'
    )
