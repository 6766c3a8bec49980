"""The one way into a table: everything of a run becomes visible in one short transaction, or nothing does.

Heavy work (transforming, checking, writing Parquet) is over when this begins. What is left is metadata: drop what is
replaced, register the staged files, write the ledger, commit. All publishes, and whatever else changes the lake, queue
at one PostgreSQL advisory lock, because DuckLake's optimistic commits would otherwise lose most parallel ones (ADR 3).
"""

import json
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.settings import Settings, load_settings
from watershed.warehouse.books import BooksUnbalanced, count_staged, verify_books
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.lake_version import verify_lake_version
from watershed.warehouse.ledger.history import insert_rows, name_quarantine, write_ledger
from watershed.warehouse.publication import Publication, TablePart
from watershed.warehouse.replacing import replace_parts
from watershed.warehouse.republish import Overtaken, find_publish
from watershed.warehouse.schema.copying import read_columns, read_schema_version
from watershed.warehouse.schema.ddl import is_prepared, prepare_lake, read_digests
from watershed.warehouse.schema.evolution import ContractBroken, Fields
from watershed.warehouse.schema.statistics import list_statistics_sql
from watershed.warehouse.staged_fit import fit_files, have_changed, read_targets

__all__ = ["BooksUnbalanced", "Overtaken", "Publication", "TablePart", "hold_lock", "prepare", "publish", "transact"]

log = logging.getLogger(__name__)

LOCK = "watershed.publish"
# Seconds: a server that vanishes without a word is given up after a minute.
KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
PATIENCE: dict[str, Any] = {"connect_timeout": 10} | KEEPALIVES


def publish(publication: Publication, settings: Settings | None = None) -> int:
    """Make a run's staged files visible, with its ledger rows. Returns the number of the snapshot that it made.

    Raises BooksUnbalanced and ContractBroken before anything is touched, and Overtaken; any error inside rolls
    everything back.
    """
    settings = settings or load_settings()
    con = connect(settings)
    addresses = [part.address for part in publication.parts]
    schema, existing = read_schema_version(con), read_columns(con)
    if not is_prepared(con, addresses, existing):
        prepare(settings, addresses)
        schema, existing = read_schema_version(con), read_columns(con)
    columns = read_targets(con, addresses, existing)
    publication = replace(publication, parts=tuple(fit_part(con, part, columns) for part in publication.parts))
    counts = count_staged(con, publication)
    verify_books(publication, counts)
    asked_at = time.monotonic()
    with hold_lock(settings), transact(con):
        locked_at = time.monotonic()
        staged = {part.address: set(part.files) for part in publication.parts if part.files}
        objects = {line.raw_object for line in publication.books}
        if (already := find_publish(con, publication.run_id, publication.subject, staged, objects)) is not None:
            return already
        snapshot = read_snapshot(con) + 1
        if read_schema_version(con) != schema and have_changed(con, columns):
            raise Overtaken(f"a table of {publication.subject} has other columns since: run {publication.run_id} again")
        if publication.overtaken and con.execute(publication.overtaken).fetchone():
            raise Overtaken(
                f"{publication.subject} was published by another run meanwhile: run {publication.run_id} again"
            )
        replace_parts(con, publication, counts, snapshot)
        write_ledger(con, publication, snapshot)
        write_waits(con, publication, snapshot, asked_at, locked_at)
        con.execute(format_message(publication, snapshot))
    if (made := read_snapshot(con)) < snapshot:
        raise RuntimeError(f"run {publication.run_id} committed no snapshot: the lake is at {made}, not {snapshot}")
    return snapshot


def fit_part(con: DuckDBPyConnection, part: TablePart, columns: dict[str, Fields]) -> TablePart:
    """The part with files that have the columns of their table."""
    quarantine = name_quarantine(part.address)
    files = fit_files(con, part.address, part.files, columns[part.address])
    parked = fit_files(con, quarantine, part.quarantine_files, columns.get(quarantine, {}))
    return replace(part, files=tuple(files), quarantine_files=tuple(parked))


@contextmanager
def hold_lock(settings: Settings, name: str = LOCK, wait_s: float = 0.0) -> Iterator[None]:
    """The lake's only writer while it lasts. The lock is the session's: it ends with the process, however that ends.

    Another name is another lock of the same lake: whoever holds it may publish, but not the other way round. With
    `wait_s`, raises psycopg.errors.LockNotAvailable when it is not free after so many seconds.
    """
    with psycopg.connect(settings.catalog_url, autocommit=True, **PATIENCE) as session:
        session.execute("SELECT set_config('lock_timeout', %s, false)", (f"{wait_s * 1000:.0f}ms",))
        session.execute("SELECT pg_advisory_lock(hashtext(%s))", (f"{name} {settings.lake_path}",))
        yield


@contextmanager
def transact(con: DuckDBPyConnection) -> Iterator[None]:
    """Raises LakeTooNew where a newer engine has brought the lake up to date since the process connected."""
    con.begin()
    try:
        verify_lake_version(con)
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def read_snapshot(con: DuckDBPyConnection) -> int:
    """The number of the snapshot that the connection's transaction sees."""
    row = con.execute("SELECT id FROM ducklake_current_snapshot('lake')").fetchone()
    return int(row[0]) if row else 0


def prepare(settings: Settings, addresses: Iterable[str] | None = None) -> None:
    """Make the lake and its tables where missing, and have them follow their contracts; one snapshot at most, and two
    more where the ledger has got tables.

    Raises ContractBroken where one of these tables cannot, or without any named, any; the others are ready then.
    """
    con = connect(settings)
    with hold_lock(settings):
        with transact(con):
            problems = prepare_lake(con)
        for statements in list_statistics_sql(con, read_digests(con)):
            with transact(con):
                con.execute(statements)
    for sentence in problems.values():
        log.warning("%s", sentence)
    if concerned := [why for address, why in problems.items() if addresses is None or address in set(addresses)]:
        raise ContractBroken("; ".join(concerned))


def write_waits(
    con: DuckDBPyConnection, publication: Publication, snapshot: int, asked_at: float, locked_at: float
) -> None:
    """How long the run waited for the lock, and how long it has held it."""
    waits = {"wait_ms": (locked_at - asked_at) * 1000, "publish_ms": (time.monotonic() - locked_at) * 1000}
    about = {"run_id": publication.run_id, "snapshot_id": snapshot, "subject": publication.subject}
    insert_rows(con, "ledger.waits", [about | {name: round(ms) for name, ms in waits.items()}])


def format_message(publication: Publication, snapshot: int) -> str:
    """The commit message: who, what and from what, readable without the ledger."""
    about: dict[str, Any] = {
        "run_id": publication.run_id,
        "subject": publication.subject,
        "snapshot": snapshot,
        "tables": [p.address for p in publication.parts],
        "inputs": sorted({b.raw_object for b in publication.books}),
        "counts": [
            {k: v for k, v in asdict(b).items() if k == "table_name" or k.startswith("rows_")}
            for b in publication.books
        ],
        "checks": [
            {name: getattr(check, name) for name in ("table_name", "rule", "rows_failed", "is_success")}
            for check in publication.rows.checks
        ],
        "timings_ms": publication.timings,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    rows = publication.rows_made + sum(b.rows_written for b in publication.books)
    tables = ", ".join(part.address for part in publication.parts)
    done = f"{count_nouns(rows, 'row')} into {tables}" if tables else "no table changed"
    message = f"publish {publication.subject}: {done}"
    message += f", because {publication.reason}" if publication.reason else ""
    extra = quote(json.dumps(about, default=str))
    return f"CALL lake.set_commit_message({quote(publication.actor)}, {quote(message)}, extra_info => {extra})"
