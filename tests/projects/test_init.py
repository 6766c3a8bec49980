"""The wheel, installed where nothing of the checkout can be reached, makes projects that keep their own promises."""

import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.checkout import REPOSITORY
from tests.wheel import run_outside
from watershed.cli.commands.new_source import KINDS
from watershed.scaffold.new_project import FIRST

LAYOUT = {
    *("contracts", "transforms", "expectations", "warehouse", "dags", "plugins", "tests", "sample"),
    *("Makefile", "README.md", ".ci", "requirements.txt", "requirements-dev.txt", "pyproject.toml"),
    *("airflow.cfg", ".gitignore", ".airflowignore"),
}
NOT_SHIPPED = ("watershed/cockpit/web/",)  # what the assets are built from


def run(python: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return run_outside(folder, python, *command)


def make_project(python: Path, folder: Path, kind: str = "logs") -> Path:
    done = run(python, folder, "-m", "watershed", "init", "house", "--kind", kind)
    assert done.returncode == 0, done.stderr
    return folder / "house"


def test_the_wheel_carries_every_file_that_is_read(wheel: Path) -> None:
    held = set(ZipFile(wheel).namelist())
    kinds = (".py", ".sql", ".html", ".template", ".js", ".css")
    wanted = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "watershed").rglob("*.*")}
    assert {path for path in wanted if path.endswith(kinds) and not path.startswith(NOT_SHIPPED)} <= held
    assert not any(name.startswith(("contracts/", "sample/", "tests/")) for name in held)


def test_links_to_files_of_the_repository_lead_somewhere() -> None:
    links = [path for path in (REPOSITORY / "watershed" / "scaffold" / "project").rglob("*") if path.is_symlink()]
    assert [link for link in links if not link.exists()] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_passes_its_own_tests_and_lint(kind: str, python: Path, tmp_path: Path) -> None:
    project = make_project(python, tmp_path, kind)
    assert {path.name for path in project.iterdir()} == LAYOUT
    source, table = FIRST[kind]
    assert {path.name for path in (project / "sample").iterdir()} == {source, "expected.json"}
    assert (project / "contracts" / f"{table}.py").exists()
    for command in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("pytest",)):
        done = run(python, project, "-m", *command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_pins_the_engine_and_all_that_the_engine_needs(python: Path, tmp_path: Path) -> None:
    pins = (make_project(python, tmp_path) / "requirements.txt").read_text().splitlines()
    *others, engine = pins
    assert others == (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert engine == "watershed==0.1.0"


def test_nothing_is_overwritten(python: Path, tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "Makefile").write_text("mine:\n")
    done = run(python, tmp_path, "-m", "watershed", "init", "house")
    where = tmp_path / "house"
    sentence = f"watershed: {where} has Makefile already: nothing is overwritten, name another folder\n"
    assert (done.returncode, done.stderr) == (1, sentence)
    assert [path.read_text() for path in where.iterdir()] == ["mine:\n"]


def test_a_file_is_not_a_folder(python: Path, tmp_path: Path) -> None:
    (tmp_path / "house").write_text("")
    done = run(python, tmp_path, "-m", "watershed", "init", "house")
    assert (done.returncode, done.stderr) == (
        1,
        f"watershed: {tmp_path / 'house'} is a file: name a folder for the project\n",
    )
