"""Who may import whom. The direction of the data is the direction of the imports."""

import re
import subprocess
import sys

import pytest

from tests.architecture.house import MAY_IMPORT, ROOMS, ROOT, find_imports, list_files, spell_path

# A program of its own that migrates Airflow's database, and the DAG with which the benchmark measures Airflow itself.
INSIDE_AIRFLOW = ("stack/prepare_airflow.py", "benchmarks/airflow_dags/")
# Costly to load: a DAG file is parsed every few seconds, and `watershed --help` loads all commands.
HEAVY = {"pandas", "torch", "great_expectations", "duckdb", "ibis"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_its_neighbours(room: str) -> None:
    forbidden = {*ROOMS, "tests"} - MAY_IMPORT[room] - {room}
    broken = [
        f"{spell_path(path)}:{found.line} imports {found.module}"
        for path in list_files(room)
        for found in find_imports(path)
        if found.package in forbidden
    ]
    assert broken == []


def test_every_folder_with_python_is_a_room() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}
    assert folders - set(ROOMS) <= {"tests", "docs"}  # docs has a notebook


def test_only_plugins_and_dags_know_airflow() -> None:
    broken = [
        f"{spell_path(path)}:{found.line} imports {found.module}"
        for room in set(ROOMS) - {"plugins", "dags"}
        for path in list_files(room)
        for found in find_imports(path)
        if found.package == "airflow" and not spell_path(path).startswith(INSIDE_AIRFLOW)
    ]
    assert broken == []


def test_dag_files_import_contracts_plugins_and_the_sdk_only() -> None:
    known = {"contracts", "plugins", *sys.stdlib_module_names}
    broken = [
        f"{spell_path(path)}:{found.line} imports {found.module}"
        for path in list_files("dags")
        for found in find_imports(path)
        if found.package not in known and not f"{found.module}.".startswith("airflow.sdk.")
    ]
    assert broken == []


def test_transforms_touch_no_clock_network_or_file() -> None:
    edges = {"boto3", "duckdb", "os", "pathlib", "psycopg", "random", "socket", "time", "urllib", "uuid"}
    clock_or_file = re.compile(r"\.(?:now|today|utcnow)\(|\bopen\(")
    for path in list_files("transforms"):
        assert [found for found in find_imports(path) if found.package in edges] == [], spell_path(path)
        assert clock_or_file.findall(path.read_text()) == [], spell_path(path)


def test_expectations_load_great_expectations_late() -> None:
    """All of it is behind expectations/adapter/, which others import inside functions."""
    broken = [
        f"{spell_path(path)}:{found.line} imports {found.module}"
        for path in list_files("expectations")
        for found in find_imports(path)
        if path.parent.name != "adapter" and not found.is_lazy
        and (found.package == "great_expectations" or found.module.startswith("expectations.adapter"))
    ]  # fmt: skip
    assert broken == []


LOAD_DAGS = """
import runpy, sys
from pathlib import Path
for path in sorted(Path("dags").glob("*.py")):
    runpy.run_path(str(path))
print(",".join(sorted(set(sys.modules) & {heavy})))
"""
LOAD_COMMANDS = """
import sys
from stack.cli import build_parser
build_parser()
print(",".join(sorted(set(sys.modules) & {heavy})))
"""
LOAD_CONTRACTS = """
import sys
from contracts import load_tables
load_tables()
print(",".join(sorted(set(sys.modules) & {heavy})))
"""


@pytest.mark.parametrize("program", [LOAD_DAGS, LOAD_COMMANDS, LOAD_CONTRACTS], ids=["dags", "commands", "contracts"])
def test_loading_is_cheap(program: str) -> None:
    """In a process of its own: what counts is what ends up loaded, by whatever way."""
    command = [sys.executable, "-c", program.replace("{heavy}", repr(HEAVY))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
