"""The analyst's connection: the lake, to read and nothing else, as a role sees it.

Three things hold, each without the others. The servers: a PostgreSQL role and an S3 key that can only read. The engine:
it reaches no file, no address and no extension besides the lake's, and none of its settings can be changed. The
statements: `refuse_statement` lets queries through, and nothing that only looks like one.

Which values and rows of the lake that is depends on the role (contracts/roles.py): the connection has views of the lake
in place of its tables, and the statement may name nothing else.
"""

import threading
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache

import duckdb
from duckdb import DuckDBPyConnection

from watershed.declarations.roles import Role, find_least_role
from watershed.serving.role_rows import VAULT
from watershed.serving.role_views import define_views, prepare_views, read_version
from watershed.serving.sql_guard import refuse_statement
from watershed.settings import Settings, load_reader, read_mask_key, read_setting
from watershed.warehouse.connection import LAKE, attach_sql, explain_failure, list_session_sql, quote, start_duckdb
from watershed.warehouse.lake_version import verify_lake_version
from watershed.warehouse.spill import name_spool

__all__ = [
    "connect_analyst",
    "forget_analysts",
    "list_lock_sql",
    "lock_engine",
    "open_attached",
    "refuse_statement"
]  # fmt: skip

TUNING = (
    "SET GLOBAL pg_pool_max_connections = 32",  # beyond the usual 4, every question would connect and log in anew
    "SET GLOBAL validate_external_file_cache = 'NO_VALIDATION'",  # files of the lake never change: do not ask S3 again
)
SPILL = "10GB"  # of disk, by all questions at a time


@dataclass(eq=False)
class Engine:
    """A locked DuckDB with the lake, as one role sees it. `version`: of the tables that its views were made for."""

    con: DuckDBPyConnection
    role: Role
    version: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def follow_tables(self) -> None:
        """Make the views anew when tables of the lake have changed since: a new column, one that was renamed."""
        if self.version is None:
            return
        with self.lock, closing(self.con.cursor()) as con:
            if (version := read_version(con)) != self.version:
                verify_lake_version(con, VAULT)
                define_views(con, self.role)
                self.version = version


def connect_analyst(
    settings: Settings | None = None,
    snapshot: int | None = None,
    role: Role | None = None,
    *,
    is_lossless: bool = False,
) -> DuckDBPyConnection:
    """A connection whose default catalogue is the lake, now or as it was at `snapshot`, as `role` sees it, that can
    only read.

    `settings` are a reader's (`watershed.settings.load_reader`). `is_lossless`: for another DuckDB to read, Arrow gets
    DuckDB's types as they are instead of its own that come nearest. The engine is opened once a process, as in
    `watershed.warehouse.connection`. Pass what people wrote to `refuse_statement` first. Raises NoAnswer and
    NotFound.
    """
    settings, role = settings or load_reader(), role or find_least_role()
    engine = open_locked(settings, snapshot, role, is_lossless)
    try:
        engine.follow_tables()
        con = engine.con.cursor()
        for catalogue in (LAKE,) if role.is_unrestricted else (VAULT, LAKE):
            con.execute(f"USE {catalogue}")
    except duckdb.Error as error:  # the version has expired since
        raise explain_failure(settings, error, snapshot) from None
    return con


@lru_cache(maxsize=8)
def open_locked(settings: Settings, snapshot: int | None, role: Role, is_lossless: bool) -> Engine:
    """An engine of its own, attached and then locked."""
    con = open_attached(settings, snapshot, role)
    con.execute(f"SET GLOBAL arrow_lossless_conversion = {str(is_lossless).lower()}")
    lock_engine(con, settings)
    follows = snapshot is None and not role.is_unrestricted
    return Engine(con, role, read_version(con) if follows else None)


def open_attached(settings: Settings, snapshot: int | None, role: Role) -> DuckDBPyConnection:
    """An engine with the lake that is not locked yet, for whoever has to add something before.

    For a role that sees everything the catalogue `lake` is the lake itself, for any other one of views.
    """
    con = start_duckdb({"python_enable_replacements": "false", **read_limits(settings)})
    hidden_as = None if role.is_unrestricted else VAULT
    for statement in (*list_session_sql(settings), *TUNING):
        con.execute(statement)
    try:
        con.execute(attach_sql(settings, read_only=True, snapshot=snapshot, hidden_as=hidden_as))
        verify_lake_version(con, hidden_as or LAKE)
        if hidden_as:
            prepare_views(con, read_mask_key(settings))
            define_views(con, role, snapshot)
    except duckdb.Error as error:
        raise explain_failure(settings, error, snapshot) from None
    return con


def lock_engine(con: DuckDBPyConnection, settings: Settings) -> None:
    """One local file may be written: the spool."""
    con.execute(f"SET GLOBAL allowed_paths = [{quote(str(name_spool(settings.home)))}]")
    for statement in list_lock_sql(settings):
        con.execute(statement)


def forget_analysts() -> None:
    """Make the next `connect_analyst` open an engine anew: one whose catalogue was away does not come back."""
    open_locked.cache_clear()


def read_limits(settings: Settings) -> dict[str, str]:
    """Memory and threads of an analyst's engine, which all its questions share."""
    limits = {"memory_limit": settings.duckdb_memory}
    if threads := read_setting("analyst_threads", ""):
        limits["threads"] = threads
    return limits


def list_lock_sql(settings: Settings) -> list[str]:
    """The statements that close an engine, once the lake is attached: the Parquet files are all it can open."""
    return [
        f"SET GLOBAL max_temp_directory_size = '{SPILL}'",
        f"SET GLOBAL allowed_directories = [{quote(settings.lake_path)}]",
        "SET GLOBAL autoinstall_known_extensions = false",
        "SET GLOBAL autoload_known_extensions = false",
        "SET GLOBAL enable_external_access = false",
        "SET GLOBAL lock_configuration = true",
    ]
