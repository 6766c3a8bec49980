"""One local stack (S3, PostgreSQL and Kafka, no Airflow) for all tests of a process, and an empty lake for each test.

The developer's own stack and settings are out of reach: every test sees a temporary WATERSHED_HOME. With several
workers (`pytest -n 3`) each has a home, and so a stack, of its own.
"""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# A worker's folder is in that of the process that started it, who looks after what a worker leaves behind.
SHARED = "WATERSHED_TESTS"
TEMPORARY = tempfile.TemporaryDirectory(
    prefix="watershed-test-", dir=os.environ.get(SHARED), ignore_cleanup_errors=True
)
for variable in [name for name in os.environ if name.startswith(("WATERSHED_", "AIRFLOW_", "AWS_"))]:
    del os.environ[variable]
os.environ[SHARED] = TEMPORARY.name
os.environ["WATERSHED_HOME"] = str(Path(TEMPORARY.name) / "home")
os.environ["GX_ANALYTICS_ENABLED"] = "False"
# Nearly all tests have few rows, where more threads only wait for each other, for a quarter of the processor time.
# Tests of faults have all of them, as users do.
os.environ["WATERSHED_DUCKDB_THREADS"] = "1"

# Only now: what these import may read the environment.
from tests.empty_lake import EmptyLake, hurry_postgres, lend_lake, make_topics  # noqa: E402
from tests.workers import GroupScheduling, claim_ports, order_items, stop_leftovers  # noqa: E402
from watershed.stack.home import Home, open_home  # noqa: E402
from watershed.stack.servers import start_storage, stop_stack  # noqa: E402

claim_ports()
# Collecting garbage among modules and tests, none of which is ever garbage, costs seconds in every worker.
gc.disable()
# How long an example takes tells of what else the machine does.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order_items(items)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


def pytest_unconfigure() -> None:
    stop_leftovers(Path(TEMPORARY.name))


@pytest.fixture(scope="session")
def stack() -> Iterator[Home]:
    """A running S3 server, PostgreSQL and broker; the environment's WATERSHED_HOME points at their settings."""
    home = open_home()
    try:
        start_storage(home)
        hurry_postgres(home)
        yield home
    finally:
        stop_stack(home)


@pytest.fixture
def lake(stack: Home) -> Iterator[EmptyLake]:
    """An empty bucket, catalogue and `accounts` database of the test's own, set in the environment."""
    with lend_lake(stack) as empty:
        yield empty


@pytest.fixture
def topics(lake: EmptyLake) -> dict[str, str]:
    """Empty topics of the lake's own, by stream: `topics["photo_events"]`."""
    return make_topics(lake)


@pytest.fixture(scope="module")
def module_lake(stack: Home) -> Iterator[EmptyLake]:
    """The same for a whole module, where tests read what one load wrote."""
    with lend_lake(stack) as empty:
        yield empty
