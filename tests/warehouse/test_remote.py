"""An endpoint for other machines, asked by a plain DuckDB in a process of its own."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from sample.layers import publish_viewings
from tests.architecture.house import ROOT
from tests.empty_lake import EmptyLake
from tests.warehouse.attacks import CHANGES, LOOK_HARMLESS, OPENS, READS, WRITES
from watershed.declarations.roles import find_role
from watershed.serving.access_tokens import add_person, people_file, remove_person
from watershed.serving.quack_server import QuackEndpoint, close_desk, open_desk
from watershed.stack.home import Home, find_free_port
from watershed.warehouse.connection import find_extension

pytestmark = pytest.mark.servers
CLIENT = """
import json, sys
import duckdb
con = duckdb.connect()
address, token, *extensions = sys.argv[1:]
for extension in extensions:
    con.execute(f"LOAD '{extension}'")
def ask(sql):
    try:
        query = f"FROM quack_query('quack:{address}', $quack${sql}$quack$, token => '{token}')"
        return [list(map(str, row)) for row in con.execute(query).fetchall()]
    except duckdb.Error as error:
        return str(error)
print(json.dumps([ask(sql) for sql in json.load(sys.stdin)]))
"""


@dataclass
class Endpoint:
    address: str
    desk: QuackEndpoint
    token: str

    def ask(self, *queries: str, token: str | None = None) -> list[list[list[str]] | str]:
        """The answers, rows or an error's text, as another process gets them."""
        extensions = [str(find_extension(name)) for name in ("httpfs", "quack")]
        command = [sys.executable, "-c", CLIENT, self.address, token or self.token, *extensions]
        done = subprocess.run(command, input=json.dumps(queries), capture_output=True, text=True, cwd=ROOT, timeout=120)
        assert done.returncode == 0, done.stderr
        answers: list[list[list[str]] | str] = json.loads(done.stdout)
        return answers

    def read_log(self) -> list[dict[str, object]]:
        text = self.desk.log.read_text() if self.desk.log.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def endpoint(module_lake: EmptyLake, stack: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    publish_viewings("core.watch_minutes", "raw/watch_events/one", [(datetime(2026, 1, 1), 1, "a film")])
    address = f"127.0.0.1:{find_free_port([], set())}"
    desk = open_desk(tmp_path_factory.mktemp("desk") / "questions.jsonl", address)
    yield Endpoint(address, desk, add_person("ada", find_role("steward")))
    close_desk(desk, address)


def test_a_question_is_answered_and_logged(endpoint: Endpoint) -> None:
    rows, types, sorted_rows = endpoint.ask(
        "SELECT film_id, minute FROM core.watch_minutes",
        "DESCRIBE core.watch_minutes",
        "SELECT i FROM range(100000) AS t(i) ORDER BY hash(i)",
    )
    assert rows == [["a film", "0"]]
    assert types[0][:2] == ["watched_at", "TIMESTAMP"]
    assert len(sorted_rows) == 100_000 and sorted_rows != sorted(sorted_rows)
    first = endpoint.read_log()[0]
    assert first.pop("ms") in range(60_000) and str(first.pop("at")).startswith("20")
    assert first == {
        "by": "serve",
        "who": "ada",
        "sql": "SELECT film_id, minute FROM core.watch_minutes",
        "rows": 1,
        "refused": None,
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in (endpoint.desk.log, people_file())} == {0o600}
    assert endpoint.token not in people_file().read_text()


def test_nothing_else_is(endpoint: Endpoint, tmp_path: Path) -> None:
    """Every attack, and what only an endpoint can be asked."""
    (tmp_path / "secret.csv").write_text("secret\n42\n")
    names = {"bucket": endpoint.desk.log.name, "other": "watershed", "folder": str(tmp_path)}
    attacks = [attack.format(**names) for attack in (*WRITES, *OPENS, *READS, *CHANGES, *LOOK_HARMLESS)]
    attacks += ["SELECT watershed_what('session', 'DROP TABLE x')", "SELECT watershed_who('a', 'b', 'c')"]
    attacks += ["FROM answers.answer_1", "FROM quack_active_connections()", "CALL quack_stop('quack:localhost')"]
    attacks += ["SELECT 1; SELECT 2", "EXPLAIN SELECT 1"]
    answers = endpoint.ask(*attacks)
    assert [attack for attack, answer in zip(attacks, answers, strict=True) if not isinstance(answer, str)] == []
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert [line["rows"] for line in endpoint.read_log()[-len(attacks) :]] == [None] * len(attacks)
    assert endpoint.ask("SELECT count(*) FROM core.watch_minutes") == [[["1"]]]


def test_a_question_has_its_time(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint.desk, "seconds", 0.5)
    [answer] = endpoint.ask("SELECT count(*) FROM range(100000000000)")
    assert "the question took longer than 0.5 s: ask for less" in answer


def test_who_has_no_token_is_nobody(endpoint: Endpoint) -> None:
    asked = len(endpoint.read_log())
    [answer] = endpoint.ask("SELECT 1", token="a-token-of-nobody")
    assert "Authentication failed" in answer
    token = add_person("grace")
    assert endpoint.ask("SELECT 1", token=token) == [[["1"]]]
    endpoint.desk.sessions["open"] = "grace"
    remove_person("grace")
    assert "Authentication failed" in endpoint.ask("SELECT 1", token=token)[0]
    assert "this token is not valid any more" in endpoint.desk.answer("open", "SELECT 1")
    assert len(endpoint.read_log()) == asked + 1


def test_a_token_is_replaced(endpoint: Endpoint) -> None:
    first, second = add_person("mary"), add_person("mary")
    assert "Authentication failed" in endpoint.ask("SELECT 1", token=first)[0]
    assert endpoint.ask("SELECT 1", token=second) == [[["1"]]]


@pytest.mark.parametrize("name", ["", "Ada Lovelace", "../ada", "-ada"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        add_person(name)


def test_whom_nobody_knows_cannot_be_removed() -> None:
    with pytest.raises(LookupError, match="nobody called 'nobody' has a token"):
        remove_person("nobody")


def test_answers_are_kept_for_a_minute(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watershed.serving.quack_server.KEEP_S", 0.0)
    endpoint.ask("SELECT 1", "SELECT 2", "SELECT 3")
    kept = endpoint.desk.con.execute("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'answers'").fetchall()
    assert kept == [(1,)]
