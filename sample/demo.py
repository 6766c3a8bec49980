"""The sample through every DAG: real logs, ratings and documents, generated streaming logs and accounts."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg

from sample.apply_accounts import SCHEMA_FILE, apply_day
from sample.generate import generate_data
from watershed.cli.dag_runs import Report, follow, land_folder, wait_for_dags
from watershed.settings import find_home, source_url
from watershed.stack.airflow_api import AirflowApi

SAMPLE = Path(__file__).resolve().parent
DAYS = (date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 6))
# The streaming log of the 6th never came, as it happens: the cockpit shows the day as missing.
WATCHED = (date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 7))
ROWS = 30_000
SEED = 1


def run_sample(api: AirflowApi, report: Report) -> set[str]:
    """Land everything and run the DAGs that take it. Returns the raw objects that are the sample's. Raises RunFailed
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
