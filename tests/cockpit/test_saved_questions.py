"""Questions that people keep, share and find again, and what there is to ask: who may read, change and delete what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from contracts import roles
from contracts.roles import ROLES
from tests.empty_lake import EmptyLake
from watershed.cockpit.app import make_app
from watershed.cockpit.guards import Guards, Rights
from watershed.declarations.roles import Role
from watershed.serving import question_log, saved_questions
from watershed.serving.sql_pool import DESK, SqlPool
from watershed.serving.sql_worker import answer_safely
from watershed.serving.vocabulary import MOST, WORDS, arrange
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.cache import MIRROR, Mirror
from watershed.warehouse.publish import hold_lock

pytestmark = pytest.mark.servers

FILMS = Role("films", "Sees some users.", rows={"core.users": "country = 'DE'"})
SECRET = "SELECT count(*) FROM core.users WHERE email = 'zorka@geheim.example'"


@dataclass
class Person:
    """Who asks now."""

    client: TestClient
    name: str = "ada"
    rights: Rights = field(default_factory=Rights)

    def be(self, name: str, administers: bool = False, role: Role = ROLES[0]) -> None:
        self.name, self.rights = name, Rights(administer=administers, role=role)

    def save(self, name: str, query: str, **more: str) -> Any:
        return self.client.post("/sql/saved", data={"name": name, "query": query, **more})

    def delete(self, question: str) -> Any:
        return self.client.post("/sql/saved/delete", data={"question": question})

    def ask(self, query: str) -> dict[str, Any]:
        return dict(self.client.post("/sql/run", data={"query": query, "name": "q"}).json())

    def read(self, path: str) -> str:
        return unescape(self.client.get(path).text)


@pytest.fixture(scope="module")
def person(module_lake: EmptyLake) -> Iterator[Person]:
    vars(MIRROR).update(vars(Mirror()) | {"lock": MIRROR.lock})
    vars(DESK).update(vars(SqlPool()))
    who: list[Person] = []
    name, rights = (lambda: who[0].name), (lambda: who[0].rights)
    with pytest.MonkeyPatch.context() as patch, TestClient(make_app(Guards(name, name, name, rights))) as client:
        patch.setattr(roles, "ROLES", (*ROLES, FILMS))
        who.append(Person(client))
        yield who[0]
        client.portal.call(DESK.close)


def test_a_question_is_kept_shared_changed_and_deleted(person: Person) -> None:
    person.be("ada")
    made = person.save("  Zorka's   photos ", SECRET, snapshot="3").json()
    assert made | {"id": ""} == {"id": "", "name": "Zorka's photos", "isShared": False}
    own = f"/sql?saved={made['id']}"
    assert SECRET in person.read(own) and 'value="3"' in person.read(own)
    assert "Zorka's photos" in person.read("/sql/saved")

    person.be("eve")
    assert person.client.get(own).status_code == 404 and "Zorka" not in person.read("/sql/saved")
    stolen = [person.save("mine", "SELECT 1", question=made["id"]), person.delete(made["id"])]
    assert [answer.status_code for answer in stolen] == [404, 404]

    person.be("ada")
    person.save("Photos <b>", SECRET, question=made["id"], shared="true")
    person.be("eve")
    assert SECRET in person.read(own) and "saved by ada" in person.read(own)
    assert "Photos <b>" not in person.client.get("/sql/saved").text and "Photos <b>" in person.read("/sql/saved")
    denied = [person.save("mine", "SELECT 1", question=made["id"]), person.delete(made["id"])]
    assert [answer.status_code for answer in denied] == [403, 403] and "ada's" in denied[0].json()["error"]
    with pytest.raises(PermissionError):
        saved_questions.delete_question(made["id"], "eve", administers=False)  # nor past the page

    # What others keep no query tells, neither the ledger nor messages of snapshots; whose role sees everything sees it.
    told = [person.ask(f"FROM ledger.{name}") for name in ("saved_questions", "current_questions")]
    told.append(person.ask("SELECT author, commit_message FROM lake.snapshots()"))
    assert all("error" not in answer for answer in told) and "(masked)" in str(told) and "save a question" in str(told)
    assert "zorka" not in str(told).lower() and "photos" not in str(told).lower()
    person.be("root", administers=True, role=ROLES[-1])
    assert "zorka" in str(person.ask("FROM ledger.current_questions")).lower()

    assert "saved by ada" in person.read(own) and person.delete(made["id"]).json() == {"isDeleted": True}
    person.be("ada")
    assert person.client.get(own).status_code == 404 and person.delete(made["id"]).status_code == 404
    rows = connect(read_only=True).execute("SELECT name, query, changed_by, is_deleted FROM ledger.saved_questions")
    assert rows.fetchall() == [("", "", "root", True)]


def test_what_cannot_be_kept_is_told(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.be("bob")
    for name, query, why in (
        (" ", "SELECT 1", "needs a name"),
        ("a", "  ", "nothing to save"),
        ("a" * 121, "SELECT 1", "120 characters at most"),
        ("a", "-" * 100_001, "100,000 characters at most"),
    ):
        answer = person.save(name, query)
        assert answer.status_code == 422 and why in answer.json()["error"]
    monkeypatch.setattr(saved_questions, "PATIENCE_S", 0.1)
    with hold_lock(load_settings()):
        answer = person.save("a", "SELECT 1")
    assert answer.status_code == 503 and "try again" in answer.json()["error"]
    monkeypatch.setattr(saved_questions, "PATIENCE_S", 60)
    monkeypatch.setattr(saved_questions, "MOST_CHANGES", 1)
    assert person.save("one", "SELECT 1").status_code == 200
    assert "1 times within an hour" in person.save("two", "SELECT 1").json()["error"]
    monkeypatch.setattr(saved_questions, "MOST", 1)
    assert "you have 1 questions already" in person.save("two", "SELECT 1").json()["error"]


def test_history_has_failures_and_is_ones_own(person: Person) -> None:
    question_log.question_log().unlink(missing_ok=True)
    person.be("ada")
    person.ask("SELECT 42 AS answer")
    person.ask("SELECT foo FROM core.users")
    assert "1,000,000 characters at most" in person.ask(f"SELECT '{'a' * 1_000_000}'")["error"]
    person.be("eve")
    person.ask("SELECT '<i>eve</i>'")
    assert "'<i>eve</i>'" in person.read("/sql/history") and "<i>" not in person.client.get("/sql/history").text
    assert "42 AS answer" not in person.read("/sql/history")
    assert person.client.get("/sql/history?everybody=true").status_code == 403
    person.be("ada")
    page = person.read("/sql/history")
    assert "1 row" in page and "failed" in page and 'column "foo" not found' in page
    assert "/sql#query=SELECT+42+AS+answer" in page and "duckdb_columns" not in page
    person.be("root", administers=True)
    everybody = person.read("/sql/history?everybody=true")
    assert "42 AS answer" in everybody and "· eve" in everybody


def test_names_are_those_that_a_role_may_see(person: Person) -> None:
    def read_names() -> dict[str, Any]:
        found = person.client.get("/sql/names").json()
        return found | {"tables": {table["address"]: table for table in found["tables"]}}

    person.be("ada")
    names = read_names()
    email = next(c for c in names["tables"]["core.users"]["columns"] if c["name"] == "email")
    assert email["type"] == "VARCHAR" and email["about"] and email["isPersonal"] and email["isMasked"]
    assert names["tables"]["mart.top_pages"]["about"] and "ledger.books" in names["tables"]
    assert {"address": "serve.views_within", "parameters": "minutes"}.items() <= names["macros"][-1].items()
    functions = {function["name"] for function in names["functions"]}
    assert {"date_trunc", "approx_quantile", "unnest", "list_transform"} <= functions
    assert not functions & {"read_csv", "postgres_query", "getenv", "stats", "pg_typeof", "txid_current"}
    person.be("root", administers=True, role=ROLES[-1])
    email = next(c for c in read_names()["tables"]["core.users"]["columns"] if c["name"] == "email")
    assert email["isPersonal"] and not email["isMasked"]
    asked = {"query": WORDS, "role": "films", "snapshot": "", "shown": MOST}  # of a role that other processes lack
    seen = {one["address"] for one in arrange(answer_safely(asked)["rows"], FILMS)["tables"]}
    assert "core.users" in seen and not {"mart.storage_by_user", "quarantine.users"} & seen
    connect().execute("CREATE TABLE core.found_later (i INTEGER)")
    assert "core.found_later" in read_names()["tables"]
