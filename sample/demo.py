"""The sample through every DAG: real logs, ratings and documents, generated streaming logs and accounts."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from sample.apply_accounts import SCHEMA_FILE, apply_day
from sample.generate import generate_data
from watershed.errors import RunFailed
from watershed.flows.ingest.land import land_file
from watershed.settings import find_home, source_url
from watershed.stack.airflow_api import AirflowApi, Run
from watershed.warehouse.connection import connect
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.staleness import list_stale_days

SAMPLE = Path(__file__).resolve().parent
DAYS = (date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 6))
# The streaming log of the 6th never came, as it happens: the cockpit shows the day as missing.
WATCHED = (date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 7))
ROWS = 30_000
SEED = 1
PATIENCE_S = 900
# They have nothing to do until a person has decided something, or has to.
WAIT_FOR_PEOPLE = ("carry_out_decisions", "decide_refusals")

Report = Callable[[str], None]


def run_sample(api: AirflowApi, report: Report) -> set[str]:
    """Land everything and run the DAGs that take it. Returns the raw objects that are the sample's. Raises RuntimeError
    naming the run that is not green."""
    generated = generate_sample()
    wait_for_dags(api, report)
    # Films and their lengths first: a rule of the streaming logs compares a minute with its film's length.
    landed = land_folder("ratings_files", SAMPLE / "ratings_files", report)
    landed |= land_folder("ratings_files", generated / "ratings_files", report)
    landed |= land_folder("access_logs", SAMPLE / "access_logs", report)
    landed |= land_folder("photo_documents", SAMPLE / "photo_documents", report)
    landed |= land_folder("photo_documents", generated / "photo_documents", report)
    first = [api.trigger(f"ingest_{name}") for name in ("ratings_files", "access_logs", "photo_documents")]
    for day in fill_accounts(generated / "accounts"):
        report(f"accounts database: changes of {day} applied")
        follow(api, [api.trigger("ingest_accounts")], report)
    follow(api, first, report)
    landed |= land_folder("watch_logs", generated / "watch_logs", report)
    follow(api, [api.trigger("ingest_watch_logs")], report)
    return landed


def generate_sample() -> Path:
    """The generated part: the same on every machine. Made once."""
    folder = find_home() / "generated" / "sample"
    if not (folder / "truth.json").exists():
        generate_data(folder, DAYS, ROWS, SEED, WATCHED)
    return folder


def land_folder(source: str, folder: Path, report: Report) -> set[str]:
    """Land what is in a folder. Returns the raw objects that it is, new ones or not."""
    landed = [land_file(source, path) for path in sorted(folder.iterdir())]
    new = sum(one.is_new for one in landed)
    report(f"{source}: {new} of {len(landed)} files landed from {folder.name}/, {len(landed) - new} were there")
    return {one.key for one in landed}


def fill_accounts(folder: Path) -> Iterator[str]:
    """Bring the accounts database up to each day in turn; yields the day applied, the last one if all are there."""
    days = sorted(path for path in folder.iterdir() if path.is_dir())
    with psycopg.connect(source_url("accounts"), autocommit=True) as connection:
        connection.execute(SCHEMA_FILE.read_text())
        if connection.execute("select 1 from users limit 1").fetchone():
            yield days[-1].name
            return
        for day in days:
            apply_day(connection, day)
            yield day.name


def wait_for_dags(api: AirflowApi, report: Report) -> None:
    """Until Airflow has parsed every DAG file."""
    wanted = {path.stem for path in (SAMPLE.parent / "dags").glob("*_*.py")}
    report("waiting for Airflow to read the DAG files")
    deadline = time.monotonic() + 120
    while missing := wanted - {dag["dag_id"] for dag in api.call("GET", "/dags", params={"limit": 100})["dags"]}:
        if time.monotonic() > deadline:
            raise RunFailed(f"Airflow does not know {', '.join(sorted(missing))}: see the import errors at {api.url}")
        time.sleep(1)


def follow(api: AirflowApi, runs: list[Run], report: Report) -> None:
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
        if told != (told := f"build_marts: {active} runs under way, {len(stale)} marts not up to date"):
            report(told)
        if time.monotonic() > deadline:
            raise RunFailed(f"after {PATIENCE_S} s these marts are stale: {', '.join(stale)}; see {api.url}")
        time.sleep(2)
    report("build_marts: every mart is up to date")


def find_stale_marts() -> list[str]:
    stale = list_stale_days(connect(), list_marts())
    return [mart.name for mart in list_marts() if mart.address in stale]


def list_red_runs(api: AirflowApi) -> list[dict[str, Any]]:
    """The DAGs whose latest ended run failed, or that should have run."""
    states = {}
    for path in (SAMPLE.parent / "dags").glob("*_*.py"):
        ended = [run for run in api.list_runs(path.stem) if run.state in ("success", "failed")]
        unrun = "success" if path.stem in WAIT_FOR_PEOPLE else "never ran"
        states[path.stem] = ended[0].state if ended else unrun
    return [{"dag_id": dag, "state": state} for dag, state in states.items() if state != "success"]
