"""What a role does not see no statement tells: neither its answer, nor its error, nor its plan."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts import roles
from tests.empty_lake import EmptyLake
from tests.warehouse.peeking import BYPASSES, PROBES
from tests.warehouse.personal_values import EMAIL, FILL, NAME, SECRETS, USER
from watershed.declarations.roles import Role
from watershed.serving.analyst import forget_analysts
from watershed.serving.sql_worker import answer_safely
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import read_snapshot

pytestmark = pytest.mark.servers

LOCAL = Role(
    "local",
    "Sees accounts of one country, with their values.",
    personal=frozenset({"core.users"}),
    rows={
        "core.users": "country = 'DE'",
        "core.photos": "user_id IN (SELECT user_id FROM core.users WHERE country = 'DE')",
        "core.requests": "false",
        "core.watch_minutes": "false",
        "core.ratings": "false",
        "core.retired": "false",
    },
)

# Statements that are adapted before they run.
ADAPTED = (
    "SUMMARIZE core.users",
    "FROM (SUMMARIZE SELECT email FROM core.users)",
    "SUMMARIZE core.requests",
    "PIVOT (SELECT email, country FROM core.users) ON email USING count(*)",
    "WITH u AS (SELECT user_name FROM core.users) PIVOT u ON user_name USING count(*)",
    "PIVOT (SELECT email FROM core.users AT (VERSION => {now})) ON email USING count(*)",
    "UNPIVOT (SELECT email, user_name FROM core.users) ON email, user_name",
    "TABLE core.users",
    "VALUES ((SELECT max(email) FROM core.users))",
)


@pytest.fixture(scope="module")
def filled(module_lake: EmptyLake) -> Iterator[dict[str, Any]]:
    """A lake with the values that are looked for, and what a statement has to know of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roles, "ROLES", (*roles.ROLES, LOCAL))
        con = connect()
        con.execute(FILL)
        yield {"bucket": module_lake.bucket, "now": read_snapshot(con)}
    forget_analysts()


def ask(filled: dict[str, Any], sql: str, role: str, snapshot: str = "") -> dict[str, Any]:
    query = sql.replace("{now}", str(filled["now"])).replace("{bucket}", filled["bucket"])
    return answer_safely({"query": query, "role": role, "snapshot": snapshot, "shown": 100})


def find_secrets(sql: str, answer: dict[str, Any]) -> list[str]:
    """What an answer tells that the statement did not say by itself."""
    told = json.dumps(answer, ensure_ascii=False, default=str).lower()
    return [secret for secret in map(str.lower, SECRETS) if secret in told and secret not in sql.lower()]


@pytest.mark.parametrize("sql", [*PROBES, *ADAPTED])
def test_a_role_sees_masks_or_values(filled: dict[str, Any], sql: str) -> None:
    assert find_secrets(sql, ask(filled, sql, "analyst")) == []
    assert find_secrets(sql, ask(filled, sql, "local")) == []
    assert find_secrets(sql, ask(filled, sql, "steward")) != []


@pytest.mark.parametrize("sql", BYPASSES)
@pytest.mark.parametrize("role", ["analyst", "local"])
def test_nothing_leads_behind_the_views(filled: dict[str, Any], sql: str, role: str) -> None:
    assert find_secrets(sql, ask(filled, sql, role)) == []


@pytest.mark.parametrize(
    "where", [f"user_id = {USER}", f"email = '{EMAIL}'", f"user_name = '{NAME}'", "user_name LIKE 'Z%'", "email > 'y'"]
)
def test_a_condition_on_a_value_compares_masks(filled: dict[str, Any], where: str) -> None:
    query = f"SELECT count(*) FROM core.users WHERE {where}"
    assert [ask(filled, query, role)["rows"] for role in ("analyst", "local", "steward")] == [[[0]], [[0]], [[1]]]


def test_tables_are_listed_as_far_as_a_role_sees_them(filled: dict[str, Any]) -> None:
    def list_names(query: str, role: str) -> set[str]:
        return {row[0] for row in ask(filled, query, role)["rows"]}

    everything = list_names("SHOW TABLES", "steward")
    assert {"core.users", "mart.storage_by_user", "ledger.books", "core.by_hand", "core.retired"} <= everything
    assert list_names("SHOW TABLES", "analyst") == everything
    seen = list_names("SHOW TABLES", "local")
    assert "core.users" in seen and seen < everything and not {"mart.storage_by_user", "quarantine.users"} & seen
    assert not [name for name in everything if "vault" in name or "keys" in name]
    assert "storage_by_user" in list_names("SHOW TABLES FROM mart", "analyst")
    assert "storage_by_user" not in list_names("SHOW TABLES FROM lake.mart", "local")
    told = "SELECT schema || '.' || name FROM (SHOW ALL TABLES)"
    assert list_names(told, "local") == seen and list_names(told, "analyst") == everything
    assert list_names("SHOW TABLES LIKE 'core.us%'", "analyst") == {"core.users"}
    for statement in ("DESCRIBE core.users", "SHOW COLUMNS FROM core.users", "FROM (DESCRIBE core.users)"):
        for role in ("analyst", "local", "steward"):
            assert "email" in list_names(statement, role)
    assert "mart.storage_by_user is made of" in ask(filled, "SUMMARIZE mart.storage_by_user", "local")["error"]


def test_masks_are_equal_where_values_are(filled: dict[str, Any]) -> None:
    """In tables, in marts and at any time."""
    joined = """
        SELECT count(*) FROM core.users AS u JOIN core.photos AS p USING (user_id) JOIN mart.storage_by_user AS m
        ON m.user_id = u.user_id AND m.user_name = u.user_name JOIN serve.ratings AS r ON r.user_id = u.user_id
        JOIN core.requests AS q ON q.remote_user = u.user_name
        JOIN core.users AT (VERSION => {now}) AS o ON o.email = u.email
    """
    joined = joined.replace("core.users AT (VERSION => {now}) AS o", "core.users AS o AT (VERSION => {now})")
    assert ask(filled, joined, "analyst")["rows"] == ask(filled, joined, "steward")["rows"] == [[1]]
    counted = "SELECT count(*), count(DISTINCT user_id), count(DISTINCT email) FROM core.users"
    assert ask(filled, counted, "analyst")["rows"] == [[2, 2, 2]]
    first = ask(filled, "SELECT user_id, email FROM core.users ORDER BY ALL", "analyst")
    forget_analysts()
    assert ask(filled, "SELECT user_id, email FROM core.users ORDER BY ALL", "analyst")["rows"] == first["rows"]

def test_masked_stamps_keep_their_order(filled: dict[str, Any]) -> None:
    """Of two decisions of a person's devices the same one holds, whoever asks; which device took it, a mask says."""
    for query in (
        "SELECT version, file_bytes FROM core.photos_now WHERE photo_id = 7",
        "SELECT version FROM core.photo_events WHERE photo_id = 7 ORDER BY stamp",
        "SELECT max(stamp)[:47] FROM core.photo_events",
    ):
        seen = [ask(filled, query, role) for role in ("analyst", "steward")]
        assert seen[0]["rows"] == seen[1]["rows"] != [], seen
    now = "SELECT version, file_bytes FROM core.photos_now WHERE photo_id = 7"
    assert ask(filled, now, "analyst")["rows"] == [[2, 2]]
    both = "SELECT count(DISTINCT leader), count(DISTINCT stamp) FROM core.photo_events WHERE photo_id = 7"
    assert ask(filled, both, "analyst")["rows"] == [[2, 2]]


def test_a_role_sees_its_rows(filled: dict[str, Any]) -> None:
    assert ask(filled, "SELECT user_id, email FROM core.users", "local")["rows"] == [[5, "otto@b.example"]]
    assert ask(filled, "SELECT count(*) FROM core.photos", "local")["rows"] == [[0]]
    older = "SELECT email FROM core.users AT (VERSION => {now})"
    assert ask(filled, older, "local")["rows"] == [["otto@b.example"]]
    changed = "SELECT DISTINCT email FROM core.table_changes('users', 0, {now})"
    assert ask(filled, changed, "local")["rows"] == [["otto@b.example"]]
    assert "some rows only" in ask(filled, "FROM mart.storage_by_user", "local")["error"]
    assert "some rows only" in ask(filled, "SELECT count(*) FROM quarantine.users", "local")["error"]
    assert ask(filled, "SELECT e FROM core.by_hand", "local")["rows"] == [["otto@b.example"]]


def test_a_role_travels_in_time(filled: dict[str, Any]) -> None:
    """To a snapshot, in which the lake's own views are as they were."""
    now = ask(filled, "SELECT email FROM core.users", "analyst")
    then = ask(filled, "SELECT email FROM core.users", "analyst", str(filled["now"]))
    assert then["rows"] == now["rows"] and then["snapshot"] == filled["now"]
    assert ask(filled, "SELECT count(*) FROM core.users", "analyst", "1")["rows"] == [[0]]


def test_a_role_follows_changes_of_tables(filled: dict[str, Any]) -> None:
    assert "error" in ask(filled, "FROM core.later", "analyst")
    connect().execute("CREATE TABLE core.later AS SELECT 'zorka' AS name")
    assert ask(filled, "SELECT name FROM core.later", "analyst")["rows"][0][0].startswith("masked-")
    connect().execute("ALTER TABLE core.later RENAME name TO title; ALTER TABLE core.later ADD COLUMN born DATE")
    connect().execute("INSERT INTO core.later VALUES ('x', DATE '1999-05-06')")
    [row] = ask(filled, "SELECT title, born FROM core.later WHERE born IS NOT NULL", "analyst")["rows"]
    assert row[0].startswith("masked-") and row[1] == "1999-01-01"
