"""A real Airflow on the test stack: its web server, DAG processor, scheduler and triggerer, with an empty database."""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.empty_lake import execute, find_admin
from watershed.project import find_project
from watershed.stack.airflow import COMPONENTS, describe_airflow, prepare_airflow
from watershed.stack.airflow_api import AirflowApi, open_api
from watershed.stack.home import Home, read_ports
from watershed.stack.postgres import create_databases
from watershed.stack.servers import start_missing, stop_airflow

# No test edits a DAG while Airflow runs; reading all of them every half minute was the largest part of what it took.
CALM = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3600",
}


# What reads DAGs and shows them, and starts none.
READERS = ("airflow-api-server", "airflow-dag-processor")


@contextmanager
def run_airflow(home: Home, awake: Collection[str], parts: Collection[str] = tuple(COMPONENTS)) -> Iterator[AirflowApi]:
    """Its processes inherit the environment, and with it the lake. DAGs that are not `awake` are paused before there is
    a scheduler: each would have a first run at once, and some one every minute.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CALM.items():
            patch.setenv(name, value)
        try:
            prepare_airflow(home, read_ports(home), print)
            start_parts(home, READERS)
            pause_others(open_api(), awake)
            start_parts(home, parts)
            yield open_api()
        finally:
            stop_airflow(home)
            forget_airflow(home)


def start_parts(home: Home, names: Collection[str]) -> None:
    start_missing(home, [one for one in describe_airflow(home, read_ports(home)) if one.name in names], print)


def pause_others(airflow: AirflowApi, awake: Collection[str]) -> None:
    """As soon as all are known."""
    written = sorted(path.stem for path in (find_project() / "dags").glob("*.py"))
    deadline = time.monotonic() + 300
    while (known := airflow.list_dags()) != written:
        assert time.monotonic() < deadline, f"Airflow has read no more than {known}"
        time.sleep(0.5)
    airflow.call("PATCH", "/dags", params={"dag_id_pattern": "%"}, json={"is_paused": True})
    for dag in awake:
        wake(airflow, dag)


def wake(airflow: AirflowApi, dag: str, is_awake: bool = True) -> None:
    airflow.call("PATCH", f"/dags/{dag}", json={"is_paused": not is_awake})


def forget_airflow(home: Home) -> None:
    """Give the next Airflow of the test stack an empty database: its assets name the bucket of their lake."""
    with psycopg.connect(find_admin(home), autocommit=True) as session:
        execute(session, "drop database airflow with (force)")
    create_databases(home, read_ports(home)["postgres"])
    (home.path / "airflow" / "prepared.json").unlink(missing_ok=True)
