"""No local name is hard-wired: production swaps in other servers by settings alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import ROOMS, ROOT, format_path, read_tree

HOSTS = r"127\.0\.0\.1|localhost|0\.0\.0\.0|::1\b"
PORTS = r"\b(?:8333|5432|8080|9092)\b"
PATHS = r"/home/|/root/|/Users/|/tmp/"
LOCAL = re.compile("|".join((HOSTS, PORTS, PATHS)))
# PostgreSQL's own default port, for addresses that name none.
ALLOWED = {
    ("watershed/warehouse/connection.py", "5432"),
    ("watershed/sources/postgres/session.py", "5432"),
    ("watershed/transforms/apache_lines.py", "localhost"),  # a client that logs name
}
# The laptop itself.
LAPTOP = tuple(f"watershed/{room}/" for room in ("stack", "cli", "synthetic", "scaffold"))


def list_values(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of what a file says to the machine: a Python file's constants without its docstrings."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text().splitlines(), 1)
        return
    tree = read_tree(path)
    documents = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value not in documents:
            yield node.lineno, str(node.value)


DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def test_no_local_name_is_hard_wired() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*")]
    found = [
        f"{format_path(path)}:{number}: {match[0]}"
        for path in files
        if not format_path(path).startswith(LAPTOP) and path.suffix in {".py", ".sql", ".toml", ".cfg"}
        for number, text in list_values(path)
        for match in [LOCAL.search(text)]
        if match and (format_path(path), match[0]) not in ALLOWED
    ]
    assert found == []


def test_airflow_settings_hold_no_secret_and_no_path() -> None:
    """airflow.cfg binds to loopback and names nothing else of this machine."""
    lines = [line for line in (ROOT / "airflow.cfg").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if LOCAL.search(line)] == ["host = 127.0.0.1"]
    secret = re.compile(r"(password|secret|fernet_key|sql_alchemy_conn|jwt)\w*\s*=", re.IGNORECASE)
    assert [line for line in lines if secret.search(line)] == []


@pytest.mark.parametrize("name", ["bucket", "catalog_url", "s3_endpoint", "s3_access_key", "s3_secret_key"])
def test_production_sets_addresses_by_environment(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable wins over the file of the local stack, and an empty home needs no file at all."""
    from watershed.settings import read_setting

    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path))
    (tmp_path / "settings.env").write_text(f"WATERSHED_{name.upper()}=local\n")
    assert read_setting(name) == "local"
    monkeypatch.setenv(f"WATERSHED_{name.upper()}", "production")
    assert read_setting(name) == "production"
