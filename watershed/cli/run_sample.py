"""The sample of a project without a `sample/run.py`: what lies in `sample/<source>/`, and `sample/expected.json`.

Files of logs and documents are landed. Lines of a topic's files are sent, and SQL files are run in the local database
of an oltp source, once. What must then be there is `{"core.TABLE": {"rows": 4, "quarantined": 1}}`: of a table that
files feed what the sample's own files brought, of others all that there is.
"""

import json
from pathlib import Path
from typing import Any

import psycopg
from duckdb import DuckDBPyConnection

from watershed.cli.dag_runs import Report, find_red_dags, follow, land_folder, wait_for_dags, wait_for_marts
from watershed.cli.sample_tables import count_landed, show, show_tables
from watershed.declarations import load_sources, load_tables
from watershed.declarations.table import Source, Stream
from watershed.project import find_project
from watershed.settings import load_kafka, source_url, topic_name
from watershed.stack.airflow_api import AirflowApi
from watershed.synthetic.messages import Message
from watershed.synthetic.producer import produce
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import read_positions
from watershed.warehouse.schema.marts import list_marts

BY_FILES = ("logs", "documents")


def run_all(api: AirflowApi, report: Report) -> list[str]:
    """Returns a sentence for every number that is not what it must be, and for every DAG that is not green."""
    wait_for_dags(api, report)
    landed: set[str] = set()
    for source, folder in list_samples():
        landed |= hand_over(source, folder, report)
        follow(api, [api.trigger(f"ingest_{source.name}")], report)
    wait_for_marts(api, report)
    follow(api, [api.trigger(dag) for dag in ("check_parity", "maintain_lake") if has_dag(dag)], report)
    return print_answers(sorted(landed)) + find_red_dags(api)


def list_samples() -> list[tuple[Source, Path]]:
    """Every source with a folder of its name in `sample/`."""
    folders = {source: find_project() / "sample" / name for name, source in load_sources().items()}
    return [(source, folder) for source, folder in folders.items() if folder.is_dir()]


def has_dag(name: str) -> bool:
    return (find_project() / "dags" / f"{name}.py").exists()


def hand_over(source: Source, folder: Path, report: Report) -> set[str]:
    """As whoever the source is would. Returns the raw objects, of files."""
    if source.kind in BY_FILES:
        return land_folder(source.name, folder, report)
    if isinstance(source, Stream):
        send_messages(source, folder, report)
    else:
        fill_database(source, folder, report)
    return set()


def send_messages(stream: Stream, folder: Path, report: Report) -> None:
    """A line of a file is a message. Nothing is sent where the lake has read the topic before."""
    topic = topic_name(stream.topic)
    if read_positions(connect(read_only=True), topic):
        report(f"{stream.name}: its messages were sent before")
        return
    lines = [line for path in sorted(folder.iterdir()) for line in path.read_bytes().splitlines()]
    delivery = produce((Message(value=line) for line in lines), topic, load_kafka())
    report(f"{stream.name}: {len(delivery.acknowledged)} of {delivery.count} messages sent")


def fill_database(source: Source, folder: Path, report: Report) -> None:
    """Run the SQL files in the source's database, unless it has tables."""
    with psycopg.connect(source_url(source.name)) as database:
        if database.execute("select 1 from pg_tables where schemaname = 'public'").fetchone():
            report(f"{source.name}: its database was filled before")
            return
        for path in sorted(folder.glob("*.sql")):
            database.execute(path.read_bytes())
    report(f"{source.name}: its database is filled from {folder.name}/")


def print_answers(landed: list[str]) -> list[str]:
    """Print the tables and what marts give as an example. Returns a sentence for each untrue number."""
    con = connect(read_only=True)
    print()
    show_tables(con)
    for mart in list_marts():
        if mart.example:
            show(con, mart.description, mart.example)
    expected = json.loads((find_project() / "sample" / "expected.json").read_text())
    return [sentence for address, counts in expected.items() for sentence in compare(con, address, counts, landed)]


def compare(con: DuckDBPyConnection, address: str, expected: dict[str, int], landed: list[str]) -> list[str]:
    found = count_rows(con, address, landed)
    wrong = {name: number for name, number in expected.items() if found.get(name) != number}
    return [f"{address} has {found.get(name)} {name}, not {number}" for name, number in wrong.items()]


def count_rows(con: DuckDBPyConnection, address: str, landed: list[str]) -> dict[str, Any]:
    """`rows`, and `quarantined` of what is not a mart."""
    table = next((t for t in load_tables().values() if t.address == address), None)
    if table and all(source.kind in BY_FILES for source in table.sources):
        return dict(zip(("rows", "quarantined"), count_landed(con, address, landed), strict=True))
    counted = {"rows": address} | ({"quarantined": f"quarantine.{table.name}"} if table else {})
    return {name: con.execute(f"SELECT count(*) FROM {held}").fetchall()[0][0] for name, held in counted.items()}
