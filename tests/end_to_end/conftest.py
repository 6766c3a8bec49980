"""A real Airflow on the test stack: its scheduler, triggerer, web server and database, with an empty lake and topics of
the folder's own.
"""

from collections.abc import Iterator

import pytest

from tests.airflow_server import run_airflow
from tests.empty_lake import lend_lake, make_topics
from watershed.stack.airflow_api import AirflowApi
from watershed.stack.home import Home

# What arrives starts these, or what they have made; the tests wake others when they need them.
AWAKE = ("ingest_access_logs", "ingest_photo_events", "build_marts", "decide_refusals", "carry_out_decisions")


@pytest.fixture(scope="package")
def airflow(stack: Home) -> Iterator[AirflowApi]:
    with lend_lake(stack) as lake:
        make_topics(lake)
        with run_airflow(stack, AWAKE) as airflow:
            yield airflow
