"""The site and its visitors, once for all tests of this folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow_server import READERS, run_airflow
from tests.browser.site import Site, Visitor, fill_lake, make_users, open_browser
from tests.empty_lake import lend_lake, make_topics
from watershed.stack.home import Home

PARTS = (*READERS, "airflow-scheduler")  # no run waits for events
STARTED = ("ingest_watch_logs", "carry_out_decisions")  # what visitors start
PICTURES = Path(os.environ.get("PICTURES", Path(__file__).resolve().parents[2] / "pictures"))


@pytest.fixture(scope="package")
def site(stack: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with lend_lake(stack) as lake:
        make_topics(lake)
        fill_lake(tmp_path_factory.mktemp("generated"))
        PICTURES.mkdir(exist_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            # Three runs in all: looking for work twice a second took more than they do.
            patch.setenv("AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME", "2")
            with run_airflow(stack, STARTED, PARTS) as airflow, open_browser() as browser:
                make_users(airflow)
                yield Site(airflow, browser, PICTURES)


@pytest.fixture(scope="package")
def reader(site: Site) -> Visitor:
    """Somebody who goes from page to page in one window, as people do."""
    return site.open("Admin")


@pytest.fixture(autouse=True)
def close_windows(site: Site) -> Iterator[None]:
    """Those that the test has opened."""
    before = site.browser.contexts
    yield
    for context in site.browser.contexts:
        if context not in before:
            context.close()
