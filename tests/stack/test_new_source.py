"""What `watershed new-source` writes works as it is. That its tests pass, and that it keeps the rules of the house, is
shown by tests/docs/test_additions.py.
"""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.checkout import REPOSITORY, Checkout, copy_repository
from tests.empty_lake import EmptyLake
from watershed.cli.commands.new_source import KINDS

WRONG_CASE = "is not a name in snake_case: use lower-case letters, digits and single underscores"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the repository with one new source of each kind."""
    checkout = copy_repository(tmp_path_factory.mktemp("checkout") / "watershed")
    for kind in KINDS:
        done = checkout.run("watershed", "new-source", f"new_{kind}", kind, "--table", f"new_{kind}_rows")
        assert done.returncode == 0, done.stderr
    return checkout


def list_new_files(checkout: Checkout) -> list[Path]:
    """Those of the new sources: our own tests of new things are called so, too."""
    found = checkout.path.rglob("*new_*.py")
    return sorted(path for path in found if not (REPOSITORY / path.relative_to(checkout.path)).exists())


def test_a_source_is_four_files_and_a_test(checkout: Checkout) -> None:
    written = [path.relative_to(checkout.path).as_posix() for path in list_new_files(checkout)]
    assert [path for path in written if "new_logs" in path] == [
        "contracts/new_logs_rows.py",
        "dags/ingest_new_logs.py",
        "expectations/new_logs_rows.py",
        "tests/transforms/test_new_logs_rows.py",
        "transforms/new_logs_rows.py",
    ]


def test_it_is_formatted_and_linted(checkout: Checkout) -> None:
    files = [str(path) for path in list_new_files(checkout)]
    assert (done := checkout.run("ruff", "check", *files)).returncode == 0, done.stdout
    assert (done := checkout.run("ruff", "format", "--check", *files)).returncode == 0, done.stderr


@pytest.mark.servers
def test_documents_become_rows(checkout: Checkout, lake: EmptyLake) -> None:
    """(That lines do is what the page docs/add_a_source.md shows.)"""
    documents = [{"id": "a", "created_at": "2026-11-01T08:15:00Z", "kg": 2}, {"id": "b"}]
    (checkout.path / "new.json").write_text(json.dumps(documents))
    for command in (("land", "new_documents", "new.json"), ("run", "ingest_new_documents", "--in-process")):
        assert (done := checkout.run("watershed", *command)).returncode == 0, done.stdout + done.stderr
    assert ask(checkout, "SELECT document_id, created_at, other FROM core.new_documents_rows") == [
        {"document_id": "a", "created_at": "2026-11-01 08:15:00", "other": {"kg": 2}}
    ]
    [rejected] = ask(checkout, "SELECT reason FROM quarantine.new_documents_rows")
    assert rejected["reason"] == "the document has no created_at such as 2026-11-01T08:15:00Z"


@pytest.mark.servers
def test_records_become_a_history(checkout: Checkout, lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_NEW_OLTP_URL", lake.accounts_url)
    changes = (
        "create table new_oltp_rows (id bigint primary key, updated_at timestamptz not null)",
        "insert into new_oltp_rows values (1, '2026-11-01 08:00Z'), (2, '2026-11-01 08:00Z')",
    )
    later = ("update new_oltp_rows set updated_at = '2026-11-02 08:00Z' where id = 1",)
    for statements in (changes, later):
        with psycopg.connect(lake.accounts_url) as database:
            for statement in statements:
                database.execute(statement)
        done = checkout.run("watershed", "run", "ingest_new_oltp", "--in-process")
        assert done.returncode == 0, done.stdout + done.stderr
    history = "SELECT id, valid_from, is_current FROM core.new_oltp_rows ORDER BY id, valid_from"
    assert ask(checkout, history) == [
        {"id": 1, "valid_from": "2026-11-01 08:00:00", "is_current": False},
        {"id": 1, "valid_from": "2026-11-02 08:00:00", "is_current": True},
        {"id": 2, "valid_from": "2026-11-01 08:00:00", "is_current": True},
    ]


def ask(checkout: Checkout, query: str) -> Any:
    done = checkout.run("watershed", "sql", query, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Door", "logs"], f"'Door' {WRONG_CASE}"),
        (["class", "logs"], f"'class' {WRONG_CASE}"),
        (["../doors", "logs"], f"'../doors' {WRONG_CASE}"),
        (["door", "logs"], "'door' is not a plural, as names of tables are: choose another one with --table"),
        (["access_logs", "logs"], "the source access_logs exists already: its DAG is dags/ingest_access_logs.py"),
        (["owners", "logs"], "contracts/owners.py exists already: choose another name, or another --table"),
    ],
)
def test_a_name_that_cannot_be_is_refused(checkout: Checkout, arguments: list[str], sentence: str) -> None:
    before = sorted(checkout.path.rglob("*.py"))
    done = checkout.run("watershed", "new-source", *arguments)
    assert (done.returncode, done.stderr) == (1, f"watershed: {sentence}\n")
    assert sorted(checkout.path.rglob("*.py")) == before
