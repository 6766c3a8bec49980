"""Who may import whom. The direction of the data is the direction of the imports."""

import re
import subprocess
import sys

import pytest

from tests.architecture.house import (
    ENGINE,
    ENGINE_ROOMS,
    MAY_IMPORT,
    PROJECT_ROOMS,
    ROOT,
    find_imports,
    format_path,
    list_engine_files,
    list_files,
)

# A program of its own that migrates Airflow's database, and the DAG with which the benchmark measures Airflow itself.
INSIDE_AIRFLOW = ("watershed/airflow/", "watershed/stack/prepare_airflow.py", "benchmarks/airflow_dags/")
# Costly to load: a DAG file is parsed every few seconds, and `watershed --help` loads all commands.
HEAVY = {"pandas", "torch", "great_expectations", "duckdb", "ibis"}


@pytest.mark.parametrize("room", ENGINE_ROOMS)
def test_a_room_of_the_engine_imports_only_its_neighbours(room: str) -> None:
    broken = [
        f"{format_path(path)}:{found.line} imports {found.module}"
        for path in list_engine_files(room)
        for found in find_imports(path)
        if found.room and found.room not in MAY_IMPORT[room] | {room}
    ]
    assert broken == []


def test_the_engine_imports_nothing_of_a_project() -> None:
    broken = [
        f"{format_path(path)}:{found.line} imports {found.module}"
        for path in list_files(ENGINE)
        for found in find_imports(path)
        if found.package in {*PROJECT_ROOMS, "tests"}
    ]
    assert broken == []


@pytest.mark.parametrize("room", PROJECT_ROOMS)
def test_a_room_of_the_project_imports_only_its_neighbours(room: str) -> None:
    forbidden = {*PROJECT_ROOMS, "tests"} - PROJECT_ROOMS[room] - {room}
    broken = [
        f"{format_path(path)}:{found.line} imports {found.module}"
        for path in list_files(room)
        for found in find_imports(path)
        if found.package in forbidden
    ]
    assert broken == []


def test_every_folder_with_python_is_a_room() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}
    assert folders - {ENGINE, *PROJECT_ROOMS} <= {"tests", "docs"}  # docs has a notebook
    rooms = {path.parent.name for path in (ROOT / ENGINE).glob("*/*.py")}
    assert rooms <= set(ENGINE_ROOMS)


def test_only_dags_plugins_and_one_room_know_airflow() -> None:
    broken = [
        f"{format_path(path)}:{found.line} imports {found.module}"
        for room in {ENGINE, *PROJECT_ROOMS} - {"plugins", "dags"}
        for path in list_files(room)
        for found in find_imports(path)
        if found.package == "airflow" and not format_path(path).startswith(INSIDE_AIRFLOW)
    ]
    assert broken == []


def test_dag_files_import_contracts_tasks_and_the_sdk_only() -> None:
    known = {"contracts", *sys.stdlib_module_names}
    broken = [
        f"{format_path(path)}:{found.line} imports {found.module}"
        for path in list_files("dags")
        for found in find_imports(path)
        if found.package not in known and not f"{found.module}.".startswith(("airflow.sdk.", "watershed.airflow."))
    ]
    assert broken == []


def test_transforms_touch_no_clock_network_or_file() -> None:
    edges = {"boto3", "duckdb", "os", "pathlib", "psycopg", "random", "socket", "time", "urllib", "uuid"}
    clock_or_file = re.compile(r"\.(?:now|today|utcnow)\(|\bopen\(")
    for path in [*list_files("transforms"), *list_engine_files("transforms")]:
        assert [found for found in find_imports(path) if found.package in edges] == [], format_path(path)
        assert clock_or_file.findall(path.read_text()) == [], format_path(path)


def test_expectations_load_great_expectations_late() -> None:
    """All of it is behind watershed/quality/adapter/, which others import inside functions."""
    broken = [
        f"{format_path(path)}:{found.line} imports {found.module}"
        for path in [*list_files("expectations"), *list_engine_files("quality")]
        for found in find_imports(path)
        if path.parent.name != "adapter" and not found.is_lazy
        and (found.package == "great_expectations" or found.module.startswith("watershed.quality.adapter"))
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
from watershed.cli.main import build_parser
build_parser()
print(",".join(sorted(set(sys.modules) & {heavy})))
"""
LOAD_CONTRACTS = """
import sys
from watershed.declarations import load_tables
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
