"""An application's database of a test's own, and what extracting it brings."""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pyarrow as pa
from duckdb import DuckDBPyConnection

from tests.empty_lake import EmptyLake, rename_database
from watershed.declarations.table import Column
from watershed.lake.store import Store, open_store
from watershed.settings import load_settings
from watershed.sources.oltp import extract
from watershed.sources.postgres.extractions import columns_sql, extract_sql, parquet_sql, read_manifest
from watershed.warehouse.connection import open_engine

SQL_ASCII = "encoding 'SQL_ASCII' template template0 locale_provider libc locale 'C'"
COUNTER = itertools.count()


@dataclass(frozen=True)
class Application:
    """`con` is an engine that can read what is extracted; the manifests go to `store`."""

    url: str
    session: psycopg.Connection
    con: DuckDBPyConnection
    store: Store

    def execute(self, script: str) -> psycopg.Cursor:
        return self.session.execute(script)

    def take(self, since: str | None = None) -> str | None:
        """Extract the database: whole, or what changed since."""
        return extract(self.con, self.url, self.store, "accounts", since)

    def count_rows(self, key: str | None) -> dict[str, tuple[int, int]]:
        """Rows brought and keys that exist, by table."""
        return {t.name: (t.row_count, t.key_count) for t in read_manifest(self.store, str(key)).tables}

    def list_texts(self, key: str | None, table: str) -> str:
        extract = read_manifest(self.store, str(key)).find_table(table)
        return extract_sql(self.store, str(key), extract, list_columns(n for n, _ in extract.columns))

    def read_rows(self, key: str | None, table: str, columns: str = "* EXCLUDE raw_object") -> list[Any]:
        query = f"SELECT {columns} FROM ({self.list_texts(key, table)}) ORDER BY raw_line"
        return self.con.execute(query).fetchall()

    def read_keys(self, key: str | None, table: str) -> list[Any]:
        extract = read_manifest(self.store, str(key)).find_table(table)
        columns = columns_sql(extract, list_columns(extract.primary_key))
        keys = f"SELECT {columns} FROM {parquet_sql(self.store.address(extract.keys))}"
        return sorted(self.con.execute(keys).fetchall())


def list_columns(names: Iterable[str]) -> list[Column]:
    """The columns of these names as a contract would have them."""
    return [Column(name, pa.string(), "Whatever it is") for name in names]


@contextmanager
def open_application(lake: EmptyLake, made_as: str = "") -> Iterator[Application]:
    """An empty database, made as the options of CREATE DATABASE say, and a session of its superuser in it."""
    name = f"application{next(COUNTER)}"
    url = rename_database(lake.admin_url, name)
    with psycopg.connect(lake.admin_url, autocommit=True) as server:
        server.execute(f"create database {name} {made_as}")
        own_text = psycopg.connect(url, autocommit=True, client_encoding="UTF8")
        with own_text as session, closing(open_engine(load_settings())) as con:
            yield Application(url, session, con, open_store())
        server.execute(f"drop database {name} with (force)")
