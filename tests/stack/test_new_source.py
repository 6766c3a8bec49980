"""What `watershed new-source` writes works as it is, and keeps the rules of the house."""

from pathlib import Path

import pytest

from stack.commands.new_source import KINDS
from tests.checkout import Checkout, copy_repository

WRONG_CASE = "is no name in snake_case: use lower-case letters, digits and single underscores"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the repository with one new source of each kind."""
    checkout = copy_repository(tmp_path_factory.mktemp("checkout") / "watershed")
    for kind in KINDS:
        done = checkout.run("watershed", "new-source", f"new_{kind}", kind, "--table", f"new_{kind}_rows")
        assert done.returncode == 0, done.stderr
    return checkout


def list_new_files(checkout: Checkout) -> list[Path]:
    return sorted(checkout.path.rglob("*new_[!s]*.py"))


def test_a_source_is_four_files_and_a_test(checkout: Checkout) -> None:
    written = [path.relative_to(checkout.path).as_posix() for path in list_new_files(checkout)]
    assert [path for path in written if "new_logs" in path] == [
        "contracts/new_logs_rows.py",
        "dags/ingest_new_logs.py",
        "expectations/new_logs_rows.py",
        "tests/transforms/test_new_logs_rows.py",
        "transforms/new_logs_rows.py",
    ]


def test_its_tests_pass(checkout: Checkout) -> None:
    tests = [str(path) for path in list_new_files(checkout) if path.name.startswith("test_")]
    done = checkout.run("pytest", *tests)
    assert done.returncode == 0, done.stdout


def test_it_keeps_the_rules_of_the_house(checkout: Checkout) -> None:
    """Stems, names, who imports whom; and Airflow can load the DAGs."""
    done = checkout.run("pytest", "tests/architecture", "-k", "new_ or neighbours or loading")
    assert done.returncode == 0, done.stdout


def test_it_is_formatted_and_linted(checkout: Checkout) -> None:
    files = [str(path) for path in list_new_files(checkout)]
    assert (done := checkout.run("ruff", "check", *files)).returncode == 0, done.stdout
    assert (done := checkout.run("ruff", "format", "--check", *files)).returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Door", "logs"], f"'Door' {WRONG_CASE}"),
        (["class", "logs"], f"'class' {WRONG_CASE}"),
        (["../doors", "logs"], f"'../doors' {WRONG_CASE}"),
        (["door", "logs"], "'door' is no plural, as names of tables are: choose another one with --table"),
        (["access_logs", "logs"], "the source access_logs exists already: its DAG is dags/ingest_access_logs.py"),
        (["settings", "logs"], "contracts/settings.py exists already: choose another name, or another --table"),
    ],
)
def test_a_name_that_cannot_be_is_refused(checkout: Checkout, arguments: list[str], sentence: str) -> None:
    before = sorted(checkout.path.rglob("*.py"))
    done = checkout.run("watershed", "new-source", *arguments)
    assert (done.returncode, done.stderr) == (1, f"watershed: {sentence}\n")
    assert sorted(checkout.path.rglob("*.py")) == before
