"""From the wheel in an empty folder to green DAGs and true answers, by the two commands of a new project's README.

One kind of first source goes the whole way, with servers and an Airflow of its own. Of the others the same steps run
in a process, on the tests' servers.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.wheel import run_outside
from watershed.cli.commands.new_source import KINDS
from watershed.settings import load_kafka
from watershed.stack.kafka import create_topics

pytestmark = pytest.mark.servers

RUN_SAMPLE = """
import sys
from watershed.cli.run_here import run_here
from watershed.cli.run_sample import hand_over, list_samples, print_answers

[(source, folder)] = list_samples()
landed = hand_over(source, folder, print)
run_here(f"ingest_{source.name}")
run_here("build_marts")
sys.exit("; ".join(print_answers(sorted(landed))) or None)
"""


@pytest.fixture(scope="module")
def project(python: Path) -> Iterator[Path]:
    """A new project beside its environment, with servers of its own, which are stopped at last."""
    (python.parents[1] / "installed").touch()  # the Makefile's mark
    project = make_project(python, python.parents[2])
    yield project
    stopped = run_outside(project, "make", "stop", f"VENV={python.parents[1]}", **home_of(project))
    assert stopped.returncode == 0, stopped.stderr


def make_project(python: Path, folder: Path, *options: str) -> Path:
    done = run_outside(folder, python, "-m", "watershed", "init", "house", *options)
    assert done.returncode == 0, done.stderr
    return folder / "house"


def home_of(project: Path) -> dict[str, str]:
    """Of servers that stop with the tests, whatever ends them (tests/workers.py)."""
    return {"WATERSHED_HOME": str(Path(os.environ["WATERSHED_TESTS"]) / project.parent.name / "home")}


def make(python: Path, project: Path, target: str) -> str:
    done = run_outside(project, "make", target, f"VENV={python.parents[1]}", **home_of(project))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ask(python: Path, project: Path, query: str) -> object:
    done = run_outside(project, python, "-m", "watershed", "sql", query, "--format", "json", **home_of(project))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_make_run_is_green_and_its_answers_are_true(python: Path, project: Path) -> None:
    assert "All DAGs are green and all known numbers are right" in make(python, project, "run")
    assert ask(python, project, "FROM mart.door_events_daily ORDER BY event_date") == [
        {"event_date": "2024-03-04", "event_count": 3},
        {"event_date": "2024-03-05", "event_count": 1},
    ]
    assert ask(python, project, "SELECT raw_line, row_json FROM quarantine.door_events") == [
        {"raw_line": 4, "row_json": '{"line":"front door"}'}
    ]
    assert ask(python, project, "SELECT message FROM core.door_events WHERE raw_line = 3") == [
        {"message": "back door opened, by user 17"}
    ]


def test_make_test_passes(python: Path, project: Path) -> None:
    assert " passed" in make(python, project, "test")


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"logs"}))
def test_the_sample_of_other_kinds_comes_out_as_expected(
    kind: str, python: Path, lake: EmptyLake, tmp_path: Path
) -> None:
    project = make_project(python, tmp_path, "--kind", kind)
    if kind == "kafka":
        lake.topics.extend(create_topics(load_kafka(), [f"{lake.topic_prefix}clicks"], partitions=4))
    variables = lake.environment | {"WATERSHED_HOME": os.environ["WATERSHED_HOME"]}
    done = run_outside(project, python, "-c", RUN_SAMPLE, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
