"""A real Airflow on the test stack: its scheduler, triggerer, DAG processor and web server, with an empty database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.empty_lake import execute, find_admin
from watershed.stack.airflow_api import AirflowApi, open_api
from watershed.stack.home import Home, read_ports
from watershed.stack.postgres import create_databases
from watershed.stack.servers import start_airflow, stop_airflow

# No test edits a DAG while Airflow runs; reading all of them every half minute was the largest part of what it took.
CALM = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3600",
}


@contextmanager
def run_airflow(home: Home) -> Iterator[AirflowApi]:
    """Its processes inherit the environment, and with it the lake."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CALM.items():
            patch.setenv(name, value)
        try:
            start_airflow(home)
            yield open_api()
        finally:
            stop_airflow(home)
            forget_airflow(home)


def pause(airflow: AirflowApi, dag: str) -> None:
    """Have a DAG start nothing by itself, as soon as it is known."""
    while dag not in airflow.list_dags():
        time.sleep(0.5)
    airflow.call("PATCH", f"/dags/{dag}", json={"is_paused": True})


def forget_airflow(home: Home) -> None:
    """Give the next Airflow of the test stack an empty database: its assets name the bucket of their lake."""
    with psycopg.connect(find_admin(home), autocommit=True) as session:
        execute(session, "drop database airflow with (force)")
    create_databases(home, read_ports(home)["postgres"])
    (home.path / "airflow" / "prepared.json").unlink(missing_ok=True)
