"""How much slower is Airflow for others while somebody asks 45 questions without end?

A Viewer sends 45 at once to Airflow's web server. Beside them somebody else asks for a list of DAGs, for a page of the
cockpit, and a question of their own. Rounds alternate, idle and attacked, so that what else the machine does is in
both; what is compared are medians. The web server alone is started: a scheduler has no part in any of these answers.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from secrets import token_hex
from statistics import median

import httpx

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake
from watershed.settings import load_settings, read_setting
from watershed.stack.airflow import describe_airflow, prepare_airflow
from watershed.stack.airflow_api import AirflowApi, open_api
from watershed.stack.home import read_ports
from watershed.stack.servers import start_missing, stop_airflow

ENDLESS = "SELECT count(*) FROM range(1000000) AS a, range(10000000) AS b WHERE a.range * b.range % 7 = 3"
AT_ONCE = 45
TIMES = 15  # each of a round
SETTLED_S = 5.0  # after which those that run do, and the others wait or are refused
GOAL = 2.0

# What somebody asks for meanwhile.
ASKED: dict[str, Callable[[httpx.Client], httpx.Response]] = {
    "a list of DAGs": lambda client: client.get("/api/v2/dags", params={"limit": 5}),
    "a page of the cockpit": lambda client: client.get("/watershed/tables"),
    "a question": lambda client: client.post("/watershed/sql/run", data={"query": "SELECT 42", "name": "own"}),
}


def ask(bench: Bench) -> Answer:
    from watershed.warehouse.publish import prepare

    sections: dict[str, Measured] = {}
    with empty_lake(bench):
        prepare(load_settings())
        with serve_airflow(bench) as api:
            eve, ada = log_in(api, "Viewer"), log_in(api, "Op")
            measure_round(sections, "idle", ada)  # the first of everything
            sections.clear()
            for _ in range(max(2, bench.repeat)):
                measure_round(sections, "idle", ada)
                with ask_without_end(eve):
                    measure_round(sections, "attacked", ada)
    return judge(sections)


def judge(sections: dict[str, Measured]) -> Answer:
    pairs = {what: (sections[f"{what}, attacked"].median, sections[f"{what}, idle"].median) for what in ASKED}
    goals = [Goal(f"{what}: attacked beside idle", busy / idle, GOAL) for what, (busy, idle) in pairs.items()]
    notes = [
        f"{name}: p50 {median(one.seconds) * 1000:.0f} ms, the slowest {max(one.seconds) * 1000:.0f} ms"
        for name, one in sections.items()
    ]
    return Answer(f"Airflow beside {AT_ONCE} endless questions", "answers", [*sections.values()], goals, notes, per=1)


@contextmanager
def serve_airflow(bench: Bench) -> Iterator[AirflowApi]:
    """Airflow's web server alone."""
    ports = read_ports(bench.home)
    prepare_airflow(bench.home, ports, print)
    servers = [one for one in describe_airflow(bench.home, ports) if one.name == "airflow-api-server"]
    try:
        start_missing(bench.home, servers, lambda line: None)
        yield open_api()
    finally:
        stop_airflow(bench.home)


def log_in(api: AirflowApi, role: str) -> httpx.Client:
    """Somebody of this role, made for it."""
    name, password = f"{role.lower()}-{token_hex(4)}", token_hex(16)
    about = {"username": name, "email": f"{name}@example.com", "first_name": role, "last_name": "Bench"}
    made = api.client.post("/auth/fab/v1/users", json=about | {"roles": [{"name": role}], "password": password})
    made.raise_for_status()
    token = api.client.post("/auth/token", json={"username": name, "password": password}).json()["access_token"]
    return httpx.Client(base_url=read_setting("airflow_url"), cookies={"_token": token}, timeout=300)


def measure_round(sections: dict[str, Measured], state: str, client: httpx.Client) -> None:
    """Add the seconds of each."""
    for what, get in ASKED.items():
        measured = sections.setdefault(f"{what}, {state}", Measured(f"{what}, {state}", 1))
        own = []
        for _ in range(TIMES):
            began = time.monotonic()
            get(client).raise_for_status()
            own.append(time.monotonic() - began)
        measured.seconds += own
        print(f"    {measured.name:<40} {median(own):8.3f} s", flush=True)


@contextmanager
def ask_without_end(client: httpx.Client) -> Iterator[None]:
    """All of them at once; who is refused asks no more. They are taken back in the end."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        names = [f"endless-{number}" for number in range(AT_ONCE)]
        for name in names:
            pool.submit(client.post, "/watershed/sql/run", data={"query": ENDLESS, "name": name})
        time.sleep(SETTLED_S)
        try:
            yield
        finally:
            for name in names:
                client.post("/watershed/sql/cancel", data={"name": name})
