"""What does Airflow itself cost for each task of a chain, with our settings and with its own?

Told by the task instances of a DAG whose ten tasks do nothing: from the moment the run started to the end of its last
task, divided by ten. The first run after a start is not counted.
"""

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench
from watershed.stack.airflow import describe_airflow, prepare_airflow
from watershed.stack.airflow_api import AirflowApi, open_api
from watershed.stack.home import read_ports
from watershed.stack.servers import start_missing, stop_airflow

DAGS = Path(__file__).with_name("airflow_dags")
DAG_ID = "chain_of_ten"
TASKS = 10
DEFAULTS = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "32",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "5",
}


def ask(bench: Bench) -> Answer:
    ours = Measured("watershed's Airflow settings", TASKS)
    defaults = Measured("Airflow's default settings", TASKS)
    prepare_airflow(bench.home, read_ports(bench.home), print)
    for measured, variables in ((ours, {}), (defaults, DEFAULTS)):
        measure_chain(bench, measured, variables)
    goals = [Goal("seconds per task", ours.median / TASKS, 1)]
    return Answer("Airflow's own cost of a task", "tasks", [ours, defaults], goals, per=1)


def measure_chain(bench: Bench, measured: Measured, variables: dict[str, str]) -> None:
    """Start Airflow with the benchmark's DAG and these variables, run the DAG several times, stop Airflow."""
    own = {"AIRFLOW__CORE__DAGS_FOLDER": str(DAGS), **variables}
    servers = describe_airflow(bench.home, read_ports(bench.home))
    try:
        start_missing(bench.home, [replace(s, environment=s.environment | own) for s in servers], lambda line: None)
        api = open_api()
        wait_for_dag(api)
        time_run(api)  # workers fork and import at their first task
        for _ in range(bench.repeat):
            measured.seconds.append(time_run(api))
            print(f"    {measured.name:<40} {measured.seconds[-1]:8.2f} s", flush=True)
    finally:
        stop_airflow(bench.home)


def wait_for_dag(api: AirflowApi, seconds: float = 120) -> None:
    """Return when Airflow has parsed the DAG. Raises the API's LookupError when it has not after that time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            api.call("GET", f"/dags/{DAG_ID}")
            return
        except LookupError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def time_run(api: AirflowApi) -> float:
    """Seconds from the start of a run to the end of its last task, as Airflow recorded them."""
    run = api.wait(api.trigger(DAG_ID))
    path = f"/dags/{DAG_ID}/dagRuns/{quote(run.run_id)}"
    tasks = api.call("GET", f"{path}/taskInstances")["task_instances"]
    began = datetime.fromisoformat(api.call("GET", path)["start_date"])
    return (max(datetime.fromisoformat(task["end_date"]) for task in tasks) - began).total_seconds()
