"""A small client of Airflow's REST API: start runs, follow them, fetch why a task failed."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx

from watershed.errors import InvalidInput, NoAnswer, NotFound
from watershed.settings import read_setting

ENDED = ("success", "failed")


@dataclass(frozen=True)
class DagRun:
    """A run of a DAG. `state` is queued, running, success or failed."""

    dag_id: str
    run_id: str
    state: str
    partition_key: str | None = None


@dataclass(frozen=True)
class Task:
    """A task of a run. `state` is `none` while it waits; `seconds` is None until it has ended."""

    name: str
    state: str
    seconds: float | None


@dataclass(frozen=True)
class AirflowApi:
    """Airflow's web server as a user of it sees it. Raises NoAnswer when it does not answer."""

    url: str
    user: str
    password: str = field(repr=False)

    @cached_property
    def client(self) -> httpx.Client:
        client = httpx.Client(base_url=self.url, timeout=60)
        try:
            answer = client.post("/auth/token", json={"username": self.user, "password": self.password})
        except httpx.TransportError:
            raise NoAnswer(f"Airflow does not answer at {self.url}: start it with `watershed up`") from None
        if not answer.is_success:
            raise InvalidInput(
                f"Airflow at {self.url} rejects the user {self.user!r}: check WATERSHED_AIRFLOW_PASSWORD"
            )
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """The decoded answer. Raises NotFound for what does not exist, InvalidInput for what Airflow rejects."""
        try:
            answer = self.client.request(method, f"/api/v2{path}", **arguments)
        except httpx.TransportError as error:
            raise NoAnswer(f"Airflow at {self.url} did not answer {method} {path}: {error}") from None
        if answer.status_code == 404:
            raise NotFound(f"Airflow knows no {path}: {explain(answer)}")
        if not answer.is_success:
            raise InvalidInput(f"Airflow rejected {method} {path}: {explain(answer)}")
        return answer.json() if answer.content else None

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None, partition_key: str | None = None) -> DagRun:
        """Start a run now. `conf` are values of the DAG's params."""
        body = {"logical_date": None, "conf": conf or {}, "partition_key": partition_key}
        return make_run(self.call("POST", f"/dags/{dag_id}/dagRuns", json=body))

    def backfill(self, dag_id: str, first: str, last: str) -> int:
        """Start one run for each day from first to last, as the page's *Backfill* does; returns the backfill's id."""
        body = {"dag_id": dag_id, "from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z"}
        return int(self.call("POST", "/backfills", json=body | {"reprocess_behavior": "completed"})["id"])

    def read_run(self, dag_id: str, run_id: str) -> DagRun:
        return make_run(self.call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id)}"))

    def list_runs(self, dag_id: str, **filters: Any) -> list[DagRun]:
        """The latest runs first, at most a hundred."""
        answer = self.call("GET", f"/dags/{dag_id}/dagRuns", params={"order_by": "-id", "limit": 100} | filters)
        return [make_run(run) for run in answer["dag_runs"]]

    def list_dags(self) -> list[str]:
        """Their ids in order."""
        return [dag["dag_id"] for dag in self.call("GET", "/dags", params={"limit": 100, "order_by": "dag_id"})["dags"]]

    def read_params(self, dag_id: str) -> dict[str, Any]:
        """What the trigger form of a DAG asks, with the default values. Raises InvalidInput when the DAG is paused."""
        details = self.call("GET", f"/dags/{dag_id}/details")
        if details["is_paused"]:
            raise InvalidInput(f"{dag_id} is paused: switch it on at {self.url}/dags/{dag_id}")
        return {name: param["value"] for name, param in details["params"].items()}

    def list_tasks(self, run: DagRun) -> list[Task]:
        """In the order in which they started, waiting ones last."""
        answer = self.call("GET", f"{api_path(run)}/taskInstances", params={"limit": 1000, "order_by": "start_date"})
        return [Task(t["task_id"], t["state"] or "none", t["duration"]) for t in answer["task_instances"]]

    def read_result(self, run: DagRun, task: str) -> Any:
        """What a task returned; None when it returned nothing."""
        try:
            path = f"{api_path(run, task)}/xcomEntries/return_value"
            return self.call("GET", path, params={"deserialize": "true"})["value"]
        except NotFound:
            return None

    def follow(self, run: DagRun, seconds: float, pause: float = 1.0) -> Iterator[tuple[DagRun, list[Task]]]:
        """The run and its tasks, again and again until it has ended. Raises NoAnswer after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            now = self.read_run(run.dag_id, run.run_id)
            yield now, self.list_tasks(run)
            if now.state in ENDED:
                return
            if time.monotonic() > deadline:
                raise NoAnswer(f"{run.dag_id} is still {now.state} after {seconds:.0f} s: see {self.link(run)}")
            time.sleep(pause)

    def wait(self, run: DagRun, seconds: float = 600) -> DagRun:
        """The run when it has ended."""
        *_, (ended, _) = self.follow(run, seconds)
        return ended

    def list_events(self, **filters: Any) -> list[dict[str, Any]]:
        """Asset events, the latest first: `name`, `partition_key`, `extra`, `source_dag_id`, `source_run_id`."""
        answer = self.call("GET", "/assets/events", params={"order_by": "-timestamp", "limit": 100} | filters)
        return list(answer["asset_events"])

    def read_error(self, run: DagRun, task: str) -> str:
        """The last error in the log of a task's last try as one line; empty when the log has none."""
        path = api_path(run, task)
        tries = self.call("GET", path)["try_number"]
        log = self.call("GET", f"{path}/logs/{tries}", headers={"Accept": "application/json"})["content"]
        details = [detail for line in log if isinstance(line, dict) for detail in line.get("error_detail") or []]
        text = str(details[-1]["exc_value"]).strip() if details else ""
        return " ".join(re.sub(r"(?<!:)\n+", "; ", text).split())  # each line is a sentence of its own

    def link(self, run: DagRun, task: str | None = None) -> str:
        """The page of a run, or of a task in it."""
        page = f"{self.url}/dags/{run.dag_id}/runs/{quote(run.run_id)}"
        return f"{page}/tasks/{task}" if task else page


def open_api() -> AirflowApi:
    """Airflow as the settings name it. Raises SettingsMissing."""
    return AirflowApi(
        url=read_setting("airflow_url"),
        user=read_setting("airflow_user"),
        password=read_setting("airflow_password"),
    )


def api_path(run: DagRun, task: str | None = None) -> str:
    path = f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id)}"
    return f"{path}/taskInstances/{task}" if task else path


def make_run(answer: dict[str, Any]) -> DagRun:
    return DagRun(answer["dag_id"], answer["dag_run_id"], answer["state"], answer.get("partition_key"))


def explain(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.text[:200]
    return detail if isinstance(detail, str) else json.dumps(detail)
