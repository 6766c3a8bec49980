"""A DAG through Airflow: trigger it, show its tasks as they end, and say what failed and where to look."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from watershed.cli.counts import print_step
from watershed.cli.failed_checks import print_failed_checks
from watershed.declarations.counting import count_nouns
from watershed.declarations.nearby import explain_unknown
from watershed.errors import InvalidInput, NotFound, RunFailed
from watershed.stack.airflow_api import AirflowApi, DagRun, Task, open_api
from watershed.warehouse.ledger.history import name_run

PATIENCE_SECONDS = 6 * 3600
SHOWN = ("success", "failed", "upstream_failed", "up_for_retry", "running")


def run_airflow(dag_id: str, first: date | None = None, last: date | None = None, refused: bool = False) -> None:
    """Run it and wait. Raises InvalidInput with the first failed task's error when a run failed."""
    api = open_api()
    runs = list(start_runs(api, dag_id, first, last, refused))
    failed = [run for run in runs if follow_run(api, run).state != "success"]
    print_failed_checks(name_run(run.dag_id, run.run_id) for run in runs)
    if failed:
        raise RunFailed(" ".join(explain_failure(api, run) for run in failed))


def start_runs(api: AirflowApi, dag_id: str, first: date | None, last: date | None, refused: bool) -> Iterator[DagRun]:
    """One run; for a DAG whose runs are days, one for each day. Raises NotFound when there is no such DAG."""
    params = find_params(api, dag_id)
    if last and "before" in params:
        yield api.trigger(dag_id, {"before": f"{last + timedelta(days=1)}T00:00:00+00:00"})
        return
    if first and last and "from_date" not in params:
        for day in range((last - first).days + 1):
            yield api.trigger(dag_id, partition_key=str(first + timedelta(days=day)), conf={"force": True})
        return
    conf: dict[str, Any] = {"from_date": str(first), "to_date": str(last)} if first else {}
    if refused:
        conf["retry_refused"] = True
    if unknown := set(conf) - set(params):
        raise InvalidInput(f"{dag_id} takes no {', '.join(sorted(unknown))}: run it without")
    yield api.trigger(dag_id, conf)


def find_params(api: AirflowApi, dag_id: str) -> dict[str, Any]:
    known = api.list_dags()
    if dag_id not in known:
        raise NotFound(explain_unknown("DAG", dag_id, known))
    return api.read_params(dag_id)


def follow_run(api: AirflowApi, run: DagRun) -> DagRun:
    """Print a line whenever a task changes; returns the run when it has ended. Whoever interrupts it is told that the
    run goes on."""
    key = f"  partition {run.partition_key}" if run.partition_key else ""
    print(f"{run.dag_id}{key}  {api.link(run)}", flush=True)
    if api.list_runs(run.dag_id, state="running") and api.read_run(run.dag_id, run.run_id).state == "queued":
        print("  waits for another run of this DAG, perhaps one that `detect_arrivals` has started", flush=True)
    seen: dict[str, str] = {}
    try:
        for now, tasks in api.follow(run, PATIENCE_SECONDS):
            run = show_changes(api, now, tasks, seen)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"the run of {run.dag_id} goes on in Airflow: {api.link(run)}") from None
    print(f"  {run.state}{format_skipped(seen)}", flush=True)
    return run


def show_changes(api: AirflowApi, run: DagRun, tasks: list[Task], seen: dict[str, str]) -> DagRun:
    for task in tasks:
        if task.state in SHOWN and seen.get(task.name) != task.state:
            counts = api.read_result(run, task.name) if task.state == "success" else None
            print_step(task.name, task.state, task.seconds, counts)
        seen[task.name] = task.state
    return run


def format_skipped(states: dict[str, str]) -> str:
    skipped = sum(state == "skipped" for state in states.values())
    if skipped == len(states):
        return ": there was nothing to do"
    return f", {count_nouns(skipped, 'task')} had nothing to do" if skipped else ""


def explain_failure(api: AirflowApi, run: DagRun) -> str:
    """`ingest_access_logs: publish failed: <error> (<page>).`"""
    task = next((task.name for task in api.list_tasks(run) if task.state == "failed"), None)
    if task is None:
        return f"{run.dag_id} failed, see {api.link(run)}."
    error = api.read_error(run, task) or "its log has no error"
    return f"{run.dag_id}: {task} failed: {error.rstrip('.')} (see {api.link(run, task)})."
