"""The DAG files as Airflow reads them, without any server or database."""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"

# Read when Airflow is imported: its own state must not land in the developer's home.
AIRFLOW_HOME = tempfile.TemporaryDirectory(prefix="watershed-airflow-", ignore_cleanup_errors=True)
os.environ.setdefault("AIRFLOW_HOME", AIRFLOW_HOME.name)
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")


@pytest.fixture(scope="session")
def dag_bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAGS))
