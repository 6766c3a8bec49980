"""Pages show each role what it sees, and administrators who sees what."""

from collections.abc import Iterator
from html import unescape

import pytest

from contracts import roles
from contracts.roles import ROLES
from tests.cockpit.conftest import Browse
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.warehouse.personal_values import EMAIL, FILL, SECRETS
from tests.warehouse.test_roles import LOCAL
from watershed.cockpit.guards import Rights
from watershed.cockpit.questions.quarantine import read_parked
from watershed.cockpit.roles import Person, list_holders, list_limits, list_people, list_sights
from watershed.declarations.roles import Role, find_role
from watershed.flows.decisions.decide import About
from watershed.flows.decisions.drop import format_reason
from watershed.flows.ingest.land import land_file
from watershed.serving.access_tokens import add_person
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import read_snapshot

HOST = "198.51.100.99"
LINES = f'{HOST} - zorka [01/Nov/2026:02:49:12 +0000] "GET /a HTTP/1.1" 200 12\nno request of Zorka\n'
WHY = {"table": "core.requests", "where": "false) UNION ALL BY NAME SELECT email AS path FROM core.users WHERE (true"}


@pytest.fixture(scope="module")
def filled(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of pages that show rows."""
    file = tmp_path_factory.mktemp("logs") / "access-2026-11-01.log"
    file.write_text(LINES)
    land_file("access_logs", file)
    main("access_logs", "one")
    con = connect()
    [(key,)] = con.execute("SELECT raw_object FROM core.requests").fetchall()
    before = read_snapshot(con)
    con.execute(FILL)
    yield {
        "line": f"/raw?object={key}&line=1",
        "parked": "/quarantine/users",
        "unread": "/quarantine/requests",
        "compared": f"/snapshots/compare?table=core.users&from={before}&to={read_snapshot(con)}",
        "why": "/why?table=mart.storage_by_user",
    }


@pytest.mark.servers
def test_pages_show_what_a_role_sees(browse: Browse, filled: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "ROLES", (*ROLES, LOCAL))
    analyst, steward, local = (
        browse(Rights(act=True, role=find_role(name))) for name in ("analyst", "steward", "local")
    )
    secrets = [*(secret for secret in SECRETS), HOST]
    for name, address in filled.items():
        seen = {page: page.get(address).text.lower() for page in (analyst, steward, local)}
        assert [secret for secret in secrets if secret.lower() in seen[analyst]] == [], name
        assert [secret for secret in secrets if secret.lower() in seen[local]] == [], name
        assert [secret for secret in secrets if secret.lower() in seen[steward]] != [], name
    for address in ("/quarantine", "/attention", "/quarantine/decisions", "/health", "/tables/core.users"):
        for page in (analyst, steward):  # what reasons of earlier versions quote, nobody has to see
            shown = page.get(address).text
            assert [secret for secret in secrets if secret.lower() in shown.lower()] == [], address
    assert "can be made of it: Could not convert string" in unescape(steward.get("/quarantine").text)
    assert "sees some rows of core.requests only" in local.get(filled["line"]).text
    assert "otto@b.example" in local.get(filled["compared"]).text
    assert "is not a condition" in steward.get("/why", params=WHY).text


@pytest.mark.servers
def test_a_reason_is_decided_about_as_it_was_seen(filled: dict[str, str]) -> None:
    """Whoever sees no values names the reason without them; rows that they have not seen are not meant."""
    seen = {}
    for name in ("analyst", "steward"):
        [reason] = [one for one in read_parked("users", find_role(name)).reasons if one.rule == "one"]
        about = About(source="accounts", rule="one", reason=reason.pattern)
        query = f"SELECT count(*) FROM quarantine.users WHERE {format_reason(about)}"
        seen[name] = (EMAIL in reason.pattern, EMAIL in reason.reason, connect().execute(query).fetchall())
    assert seen == {"analyst": (False, False, [(1,)]), "steward": (True, False, [(1,)])}


@pytest.mark.servers
def test_administrators_see_who_sees_what(browse: Browse, filled: dict[str, str]) -> None:
    add_person("eva")
    page = browse().get("/roles").text
    assert "core.users.email" in page and "a token of watershed serve" in page
    assert "Who sees what</a>" in page and "Who sees what</a>" not in browse(Rights()).get("/tables").text


def test_sights_are_those_of_the_declarations() -> None:
    sights = {f"{sight.address}.{sight.column}": dict(zip(ROLES, sight.masks, strict=True)) for sight in list_sights()}
    analyst, steward = ROLES
    assert sights["core.users.email"] == {analyst: "a text", steward: ""}
    assert sights["mart.storage_by_user.user_id"][analyst] == "a number"
    assert "core.users.country" not in sights


def test_limits_follow_from_the_rules() -> None:
    limits = {limit.address: limit for limit in list_limits(LOCAL)}
    assert limits["core.users"].rule == "country = 'DE'"
    assert "is made of core.photos, core.users" in limits["mart.storage_by_user"].closed
    assert limits["quarantine.users"].closed and "core.cameras" not in limits
    assert list_limits(ROLES[0]) == []


def test_holders_are_users_by_their_roles() -> None:
    people = [Person("ann", ("Viewer",)), Person("bob", ("Admin", "Viewer")), Person("eve", ())]
    assert [h.name for h in list_holders(ROLES[-1], people)] == ["bob"]
    assert {"ann", "eve"} <= {h.name for h in list_holders(ROLES[0], people)}
    assert list_people() == () and isinstance(ROLES[0], Role)
