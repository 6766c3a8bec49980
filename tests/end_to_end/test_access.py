"""Every address of the cockpit, called without login and as every role, through Airflow's own web server."""

import re

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from tests.cockpit.conftest import name_user
from watershed.cockpit.app import PREFIX, make_app
from watershed.cockpit.guards import Guards, may_act, may_administer, may_look
from watershed.settings import read_setting
from watershed.stack.airflow_api import AirflowApi

pytestmark = pytest.mark.servers

PASSWORD = "only-for-this-test"
# What each role of Airflow may do here; Public has no rights.
ROLES = {
    "Public": set(),
    "Viewer": {may_look},
    "User": {may_look, may_act},
    "Op": {may_look, may_act},
    "Admin": {may_look, may_act, may_administer},
}
SEEING = {"Viewer": [[1]], "User": [[1]], "Op": [[1]], "Admin": [[0]]}
APP = make_app(Guards(name_user, name_user, name_user))
ROUTES = [route for route in APP.routes if isinstance(route, APIRoute)]
BY_CALL = {(method, route.path): route for route in ROUTES for method in route.methods}
CALLS = sorted(BY_CALL)


@pytest.fixture(scope="module")
def clients(airflow: AirflowApi) -> dict[str, httpx.Client]:
    """A client of every role, and one of nobody's."""
    made = {role: log_in(airflow, role) for role in ROLES} | {"nobody": httpx.Client()}
    for client in made.values():
        client.base_url = httpx.URL(f"{read_setting('airflow_url')}{PREFIX}")
        client.timeout = httpx.Timeout(60)
    return made


def log_in(airflow: AirflowApi, role: str) -> httpx.Client:
    """A client with the cookie that the login form of Airflow gives to a user of this role."""
    name = f"{role.lower()}-of-access"
    about = {"username": name, "email": f"{name}@example.com", "first_name": role, "last_name": "Test"}
    body = about | {"roles": [{"name": role}], "password": PASSWORD}
    answer = airflow.client.post("/auth/fab/v1/users", json=body)
    assert answer.is_success or answer.status_code == 409, answer.text
    token = airflow.client.post("/auth/token", json={"username": name, "password": PASSWORD}).json()["access_token"]
    return httpx.Client(cookies={"_token": token})


def call(client: httpx.Client, method: str, path: str) -> int:
    """The status of an address, with words that name nothing in place of its parameters."""
    return client.request(method, re.sub(r"{[^}]+}", "nothing", path)).status_code


def list_guards(dependant: Dependant) -> set[object]:
    """The guards that a request passes, those of the whole application too."""
    own = {dependant.call} & {may_look, may_act, may_administer}
    return own.union(*(list_guards(one) for one in dependant.dependencies))


def test_there_is_no_address_besides_routes() -> None:
    assert len(ROUTES) == len(APP.routes) == len(CALLS)
    assert [route.path for route in ROUTES if may_look not in list_guards(route.dependant)] == []


def test_what_changes_something_needs_more_than_looking() -> None:
    posts = [path for method, path in CALLS if method == "POST"]
    free = {path for path in posts if list_guards(BY_CALL["POST", path].dependant) == {may_look}}
    asked = {"/sql/run", "/sql/export", "/sql/cancel"}  # by POST, and change nothing
    kept = {"/sql/saved", "/sql/saved/delete"}  # one's own questions: who else may change one, the question tells
    assert free <= asked | kept


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_login_nothing_answers(clients: dict[str, httpx.Client], method: str, path: str) -> None:
    assert call(clients["nobody"], method, path) == 401


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_each_role_gets_what_it_may(clients: dict[str, httpx.Client], method: str, path: str) -> None:
    needed = list_guards(BY_CALL[method, path].dependant)
    for role, rights in ROLES.items():
        status = call(clients[role], method, path)
        assert (status == 403) == (not needed <= rights), f"{role}: {status}"
        assert status != 401


def test_what_somebody_sees_follows_from_their_roles(clients: dict[str, httpx.Client]) -> None:
    """Whose `core.users` is a view sees masks in it."""
    query = "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'core' AND view_name = 'users'"
    asked = {role: clients[role].post("/sql/run", data={"query": query, "name": role}).json() for role in SEEING}
    assert {role: answer["rows"] for role, answer in asked.items()} == SEEING
    page = clients["Admin"].get("/roles").text
    assert "viewer-of-access" in page and "Viewer in Airflow" in page and "admin-of-access" in page


@pytest.mark.parametrize("role", ["Viewer", "User", "Op", "Admin"])
def test_who_may_look_sees_it_in_the_navigation(clients: dict[str, httpx.Client], role: str) -> None:
    answer = clients[role].get(f"{read_setting('airflow_url')}/api/v2/plugins")
    views = [view for plugin in answer.json()["plugins"] for view in plugin.get("external_views", [])]
    assert {view["destination"] for view in views if PREFIX in view["href"]} == {"nav", "dag", "dag_run"}
