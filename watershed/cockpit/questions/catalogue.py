"""Questions to DuckLake's catalogue in PostgreSQL: sizes, columns, snapshots. Milliseconds, where the lake takes many.

Names used here: a *file* is Parquet on the object store; deletes of few rows are *inlined*, which means that they lie
in the catalogue itself, in a table for each table of the lake.
"""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from watershed.errors import NoAnswer
from watershed.settings import load_settings
from watershed.warehouse.ledger.cache import once_a_snapshot

Row = dict[str, Any]
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

TABLES = """
    SELECT schema_name || '.' || table_name AS address, table_id
    FROM ducklake_table JOIN ducklake_schema USING (schema_id)
    WHERE ducklake_table.end_snapshot IS NULL AND ducklake_schema.end_snapshot IS NULL
"""
ALL_TABLES = """
    SELECT DISTINCT schema_name || '.' || table_name AS address, table_id
    FROM ducklake_table JOIN ducklake_schema USING (schema_id) ORDER BY table_id
"""
SIZES = """
    WITH files AS (
        SELECT table_id, sum(record_count) AS records, sum(file_size_bytes) AS bytes, max(begin_snapshot) AS snapshot_id
        FROM ducklake_data_file WHERE end_snapshot IS NULL GROUP BY 1
    ),
    deletes AS (
        SELECT table_id, sum(delete_count) AS deleted FROM ducklake_delete_file WHERE end_snapshot IS NULL GROUP BY 1
    )
    SELECT table_id, records - coalesce(deleted, 0) AS rows, bytes, snapshot_time AT TIME ZONE 'UTC' AS changed_at
    FROM files LEFT JOIN deletes USING (table_id) LEFT JOIN ducklake_snapshot USING (snapshot_id)
"""
INLINED = """
    SELECT relname, split_part(relname, '_', 4)::bigint AS table_id, relname LIKE 'ducklake_inlined_delete_%' AS deletes
    FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ducklake_inlined_d%_%' AND relname ~ '_[0-9]+(_[0-9]+)?$'
"""
COLUMNS = """
    SELECT column_name AS name, column_type AS type, nulls_allowed AS is_nullable FROM ducklake_column
    WHERE table_id = %s AND end_snapshot IS NULL AND parent_column IS NULL ORDER BY column_order
"""


@dataclass(frozen=True)
class Size:
    """What a table holds now: rows that are not deleted, bytes of its files, and when the newest of them came."""

    rows: int = 0
    bytes: int = 0
    changed_at: datetime | None = None


class Session:
    """The process's connection to the catalogue: a new one costs more than most questions."""

    def __init__(self) -> None:
        self.url = ""
        self.connection: psycopg.Connection[Row] | None = None
        self.lock = threading.Lock()

    def ask(self, query: str, values: Any = None) -> list[Row]:
        """Rows as dictionaries; asked once more by a new connection when the one that there is has ended."""
        with self.lock:
            for is_last in (False, True):
                try:
                    return self.connect().execute(query.encode(), values).fetchall()
                except psycopg.OperationalError as error:
                    self.connection = None
                    if is_last:
                        raise NoAnswer("the catalogue does not answer") from error
        return []

    def connect(self) -> "psycopg.Connection[Row]":
        url = load_settings().catalog_url
        if self.connection is None or self.url != url:
            self.connection = psycopg.connect(url, autocommit=True, connect_timeout=5, row_factory=dict_row)
            self.url = url
        return self.connection


SESSION = Session()


def ask_catalogue(query: str, values: Any = None) -> list[Row]:
    """Rows as dictionaries. Raises NoAnswer when the catalogue does not answer."""
    return SESSION.ask(query, values)


def keep_last(answer: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """While the catalogue does not answer, what it said last: the page says as of when (`Mirror.away_since`)."""
    known: dict[Hashable, Answer] = {}

    @wraps(answer)
    def ask(*values: Asked.args, **named: Asked.kwargs) -> Answer:
        key = (load_settings().catalog_url, *values, *sorted(named.items()))
        try:
            known[key] = answer(*values, **named)
        except ConnectionError:
            if key not in known:
                raise
        return known[key]

    return ask


def read_tables_version() -> tuple[str, int]:
    """Which lake, and a number that changes when a table, view or macro of it is made, changed or gone."""
    row = ask_catalogue("SELECT coalesce(max(schema_version), 0) AS version FROM ducklake_snapshot")[0]
    return load_settings().catalog_url, row["version"]


@once_a_snapshot
def list_table_ids() -> dict[str, int]:
    """The catalogue's number of every table of the lake, by address."""
    return {row["address"]: row["table_id"] for row in ask_catalogue(TABLES)}


@keep_last
def read_sizes() -> dict[str, Size]:
    """By address; tables without files and rows are left out."""
    names = {number: address for address, number in list_table_ids().items()}
    found = {row["table_id"]: row for row in ask_catalogue(SIZES)}
    for table, rows in count_inlined().items():
        own = found.setdefault(table, {"rows": 0, "bytes": 0, "changed_at": None})
        own["rows"] += rows
    return {
        names[table]: Size(int(own["rows"]), int(own["bytes"]), own["changed_at"])
        for table, own in found.items()
        if table in names
    }


def count_inlined() -> dict[int, int]:
    """By table: rows that lie in the catalogue, less those that only the catalogue says are deleted."""
    counted: dict[int, int] = {}
    if parts := [inlined_sql(row) for row in ask_catalogue(INLINED)]:
        for row in ask_catalogue(" UNION ALL ".join(parts)):
            counted[row["table_id"]] = counted.get(row["table_id"], 0) + row["rows"]
    return counted


def inlined_sql(row: Row) -> str:
    name = sql.Identifier(row["relname"]).as_string()
    if not row["deletes"]:
        return f"SELECT {row['table_id']} AS table_id, count(*) AS rows FROM {name} WHERE end_snapshot IS NULL"
    return f"""SELECT {row["table_id"]} AS table_id, -count(*) AS rows FROM {name} AS d
        JOIN ducklake_data_file AS f ON f.data_file_id = d.file_id WHERE f.end_snapshot IS NULL"""


@keep_last
def list_columns(address: str) -> list[Row]:
    """`name`, `type` and `is_nullable` of a table's columns; none before its first publish."""
    table = list_table_ids().get(address)
    return ask_catalogue(COLUMNS, [table]) if table is not None else []


@once_a_snapshot
def list_all_ids() -> dict[str, tuple[int, ...]]:
    """Every number that a table of that address has had: one that was made anew has another."""
    found: dict[str, tuple[int, ...]] = {}
    for row in ask_catalogue(ALL_TABLES):
        found[row["address"]] = (*found.get(row["address"], ()), row["table_id"])
    return found
