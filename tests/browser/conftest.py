"""The site and its visitors, once for all tests of this folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow_server import pause, run_airflow
from tests.browser.site import Site, fill_lake, make_users, open_browser
from tests.empty_lake import lend_lake, make_topics
from watershed.stack.home import Home

PICTURES = Path(os.environ.get("PICTURES", Path(__file__).resolve().parents[2] / "pictures"))


@pytest.fixture(scope="package")
def site(stack: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with lend_lake(stack) as lake:
        make_topics(lake)
        fill_lake(tmp_path_factory.mktemp("generated"))
        PICTURES.mkdir(exist_ok=True)
        with run_airflow(stack) as airflow:
            make_users(airflow)
            pause(airflow, "detect_arrivals")  # nothing arrives here, and each look takes some 3 s of a processor
            with open_browser() as browser:
                yield Site(airflow, browser, PICTURES)


@pytest.fixture(autouse=True)
def close_windows(site: Site) -> Iterator[None]:
    yield
    for context in site.browser.contexts:
        context.close()
