"""A real Airflow on the test stack: its scheduler, triggerer, web server and database, with an empty lake and topics of
the folder's own.
"""

from collections.abc import Iterator

import pytest

from tests.empty_lake import lend_lake, make_topics
from watershed.stack.airflow_api import AirflowApi, open_api
from watershed.stack.home import Home
from watershed.stack.servers import start_airflow, stop_airflow


@pytest.fixture(scope="package")
def airflow(stack: Home) -> Iterator[AirflowApi]:
    """Airflow's processes inherit the environment, and with it the lake."""
    with lend_lake(stack) as lake:
        make_topics(lake)
        try:
            start_airflow(stack)
            yield open_api()
        finally:
            stop_airflow(stack)
