"""Somebody who asks far too much, and how long Airflow and others take meanwhile."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from tests.browser.site import PASSWORD, Site, name_visitor

ENDLESS = "SELECT count(*) FROM range(1000000) AS a, range(10000000) AS b WHERE a.range * b.range % 7 = 3"
AT_ONCE = 45


def open_client(site: Site, role: str) -> httpx.Client:
    """Somebody of this role, without a browser."""
    url = site.airflow.url
    answer = httpx.post(f"{url}/auth/token", json={"username": name_visitor(role), "password": PASSWORD}, timeout=60)
    return httpx.Client(base_url=url, cookies={"_token": answer.json()["access_token"]}, timeout=300)


def ask(client: httpx.Client, query: str, name: str = "q") -> httpx.Response:
    return client.post("/watershed/sql/run", data={"query": query, "name": name})


@contextmanager
def ask_without_end(client: httpx.Client) -> Iterator[list[int]]:
    """The statuses of those that were answered while others still run; all are taken back in the end."""
    statuses: list[int] = []

    def ask_one(number: int) -> None:
        statuses.append(ask(client, ENDLESS, f"endless-{number}").status_code)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(AT_ONCE):
            pool.submit(ask_one, number)
        time.sleep(3)
        try:
            yield statuses
        finally:
            for number in range(AT_ONCE):
                client.post("/watershed/sql/cancel", data={"name": f"endless-{number}"})


def measure_dags(client: httpx.Client) -> float:
    """The median of the seconds that Airflow takes for a list of its DAGs."""
    took = []
    for _ in range(9):
        began = time.monotonic()
        assert client.get("/api/v2/dags", params={"limit": 5}).status_code == 200
        took.append(time.monotonic() - began)
    return statistics.median(took)
