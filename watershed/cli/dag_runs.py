"""Runs of a project's DAGs for `watershed demo`: files are landed, DAGs triggered and waited for."""

import time
from collections.abc import Callable
from pathlib import Path

from watershed.declarations.counting import count_nouns
from watershed.errors import RunFailed
from watershed.flows.ingest.land import land_file
from watershed.project import find_project
from watershed.stack.airflow_api import AirflowApi, DagRun
from watershed.warehouse.connection import connect
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.staleness import list_stale_days

PATIENCE_S = 900
# They have nothing to do until a person has decided something, or has to.
WAIT_FOR_PEOPLE = ("carry_out_decisions", "decide_refusals")

Report = Callable[[str], None]


def land_folder(source: str, folder: Path, report: Report) -> set[str]:
    """Land what is in a folder. Returns the raw objects that it is, new ones or not."""
    landed = [land_file(source, path) for path in sorted(folder.iterdir())]
    new = sum(one.is_new for one in landed)
    report(f"{source}: {new} of {len(landed)} files landed from {folder.name}/, {len(landed) - new} were there")
    return {one.key for one in landed}


def wait_for_dags(api: AirflowApi, report: Report) -> None:
    """Until Airflow has parsed every DAG file."""
    wanted = {path.stem for path in (find_project() / "dags").glob("*_*.py")}
    report("waiting for Airflow to read the DAG files")
    deadline = time.monotonic() + 120
    while missing := wanted - {dag["dag_id"] for dag in api.call("GET", "/dags", params={"limit": 100})["dags"]}:
        if time.monotonic() > deadline:
            raise RunFailed(f"Airflow does not know {', '.join(sorted(missing))}: see the import errors at {api.url}")
        time.sleep(1)


def follow(api: AirflowApi, runs: list[DagRun], report: Report) -> None:
    for run in runs:
        began = time.monotonic()
        ended = api.wait(run, PATIENCE_S)
        report(f"{run.dag_id}: {ended.state} after {time.monotonic() - began:.0f} s")
        if ended.state != "success":
            raise RunFailed(f"{run.dag_id} ended as {ended.state}: see {api.link(run)}")


def wait_for_marts(api: AirflowApi, report: Report) -> None:
    """Until no run is under way and no mart is stale."""
    deadline = time.monotonic() + PATIENCE_S
    told = ""
    while True:
        active = sum(len(api.list_runs("build_marts", state=state)) for state in ("queued", "running"))
        stale = find_stale_marts()
        if not active and not stale:
            break
        waiting = f"{count_nouns(active, 'run')} under way, {count_nouns(len(stale), 'mart')} not up to date"
        if told != (told := f"build_marts: {waiting}"):
            report(told)
        if time.monotonic() > deadline:
            raise RunFailed(f"after {PATIENCE_S} s these marts are stale: {', '.join(stale)}; see {api.url}")
        time.sleep(2)
    report("build_marts: every mart is up to date")


def find_stale_marts() -> list[str]:
    stale = list_stale_days(connect(), list_marts())
    return [mart.name for mart in list_marts() if mart.address in stale]


def find_red_dags(api: AirflowApi) -> list[str]:
    """A sentence for each DAG whose latest ended run failed, or that should have run."""
    states = {}
    for path in (find_project() / "dags").glob("*_*.py"):
        ended = [run for run in api.list_runs(path.stem) if run.state in ("success", "failed")]
        unrun = "success" if path.stem in WAIT_FOR_PEOPLE else "never ran"
        states[path.stem] = ended[0].state if ended else unrun
    return [f"the DAG {dag} is not green: {state}" for dag, state in states.items() if state != "success"]
