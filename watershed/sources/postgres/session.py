"""A session of a PostgreSQL database, seen through DuckDB: one moment of it, read the same whatever its owner set.

All queries go through `postgres_query` inside one DuckDB transaction, which is one REPEATABLE READ transaction of one
PostgreSQL session: every table is seen at the same moment. (Scanning an attached table would be parallel, but includes
the children of an inheritance parent, and reads numerics without a scale as doubles.)
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from watershed.errors import InvalidInput, NoAnswer

DATABASE = "extracted"
AWAY = re.compile(
    "Unable to connect to Postgres|server closed the connection|terminating connection|conflict with recovery|FATAL"
    "|closed unexpectedly|Connection reset|could not (?:receive|send) data|no connection to the server|timeout expired"
    "|due to lock timeout"
)
OBJECTS = re.compile("s3://|https?://")  # as DuckDB names what it reads and writes in a bucket
# PostgreSQL's own reason, in whatever language: a severity, and two blanks. What explains it begins likewise.
REASON = re.compile(r"\b(?!DETAIL|HINT|CONTEXT|LINE|QUERY|STATEMENT)[^\W\d_]{4,}:  (.+)")


@contextmanager
def open_snapshot(con: DuckDBPyConnection, url: str) -> Iterator[dict[str, Any]]:
    """The database at one moment, for as long as the context lasts: `cut_at` (UTC), `lsn` and `snapshot` of it, and as
    far as the server tells, its `system` and `timeline`.

    Raises NoAnswer or InvalidInput with one sentence; a password is in neither. What DuckDB says of the bucket
    that extracted rows are written to passes through.
    """
    address = parse_address(url)
    try:
        attach_database(con, address)
        system, timeline = identify_server(con)
        con.begin()
        moment = dict(zip(("cut_at", "lsn", "snapshot"), query_source(con, MOMENT).fetchone() or (), strict=True))
        query_source(con, SETTLE).fetchall()
        yield moment | {"system": system, "timeline": timeline}
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) and OBJECTS.search(str(error)):
            raise
        raise explain_failure(address, error) from None
    finally:
        detach_database(con)


# Whatever the database's owner made the default, of the settings and of where names are looked up: nothing here is
# found through `search_path` before it is set.
MOMENT = """
    SELECT (pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')::timestamp(6) AS cut_at,
           (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                 ELSE pg_catalog.pg_current_wal_lsn() END)::pg_catalog.text AS lsn,
           pg_catalog.pg_current_snapshot()::pg_catalog.text AS snapshot
"""
SERVER = """
    SELECT (SELECT system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system()) AS system,
           (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()) AS last_timeline,
           CASE WHEN NOT pg_catalog.pg_is_in_recovery()
                THEN pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) END AS timeline
"""
# What changes how values, names of types and our own queries are written, and what would end a long reading. They hold
# for this transaction only, which a pooler of connections bears; a setting that the server does not have is left out.
SETTINGS = {
    "search_path": "",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
    "row_security": "off",
    "statement_timeout": "0",
    "lock_timeout": "15min",  # somebody may have locked a table and gone home
    "idle_in_transaction_session_timeout": "0",
    "transaction_timeout": "0",
}
SETTLE = f"""
    SELECT pg_catalog.set_config(name, setting, true) AS setting
    FROM (VALUES {", ".join(f"('{name}', '{own}')" for name, own in SETTINGS.items())}) AS wanted (name, setting)
    WHERE pg_catalog.current_setting(name, true) IS NOT NULL
"""


def identify_server(con: DuckDBPyConnection) -> tuple[str, int]:
    """Which PostgreSQL server it is and the branch of its history, a number that grows by one with each restore and
    failover. Empty and 0 where the server does not tell, as hosted ones may not."""
    try:
        system, last_timeline, timeline = query_source(con, SERVER).fetchone() or ("", 0, None)
    except duckdb.Error:
        return "", 0
    return str(system), int(timeline, 16) if timeline else int(last_timeline)


def parse_address(url: str) -> URL:
    """Raises InvalidInput, without the address, which may hold a password."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        address = None
    if address is None or not address.drivername.startswith("postgres"):
        wanted = "postgresql://user:password@host/name"
        raise InvalidInput(f"what was given is not the address of a PostgreSQL database, which looks like {wanted}")
    return address


def attach_database(con: DuckDBPyConnection, address: URL) -> None:
    parts = {"HOST": address.host, "PORT": address.port or 5432, "DATABASE": address.database}
    parts |= {"USER": address.username, "PASSWORD": address.password}
    fields = "".join(f", {name} {text_sql(str(value))}" for name, value in parts.items() if value)
    con.execute(f"CREATE OR REPLACE TEMPORARY SECRET {DATABASE} (TYPE postgres{fields})")
    options = " ".join(f"{name}={quote_option(value)}" for name, value in address.query.items())  # sslmode=require
    con.execute(f"ATTACH {text_sql(options)} AS {DATABASE} (TYPE postgres, SECRET {DATABASE}, READ_ONLY)")


def quote_option(value: str | tuple[str, ...]) -> str:
    """A value as libpq's connection strings write it; of several, as a URL may give them, the last."""
    text = value if isinstance(value, str) else value[-1]
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def detach_database(con: DuckDBPyConnection) -> None:
    """Whatever happened before, nothing of the database is left in the connection."""
    for statement in (
        "ROLLBACK",
        f"DETACH DATABASE IF EXISTS {DATABASE}",
        f"DROP TEMPORARY SECRET IF EXISTS {DATABASE}",
    ):
        try:
            con.execute(statement)
        except duckdb.Error:  # no transaction was begun
            continue


def explain_failure(address: URL, error: duckdb.Error) -> Exception:
    """One sentence with PostgreSQL's own reason, where DuckDB's message quotes connection string and query."""
    where = f"{address.host}:{address.port or 5432}/{address.database}"
    table = "".join(f"'s table {name}" for name in getattr(error, "__notes__", [])[:1])
    text = str(error).replace(address.password or "\0", "***")
    reason = (REASON.findall(text) or re.findall("failed: (.+)", text) or text.strip().splitlines()[:1])[-1].strip()
    if AWAY.search(text):
        return NoAnswer(f"the database {where} does not answer the user {address.username!r}: {reason}")
    return InvalidInput(f"the database {where}{table} cannot be extracted: {reason}")


@contextmanager
def name_table(address: str) -> Iterator[None]:
    """What fails meanwhile is told with the table's name."""
    try:
        yield
    except duckdb.Error as error:
        error.add_note(address)
        raise


def query_source(con: DuckDBPyConnection, query: str) -> DuckDBPyConnection:
    return con.execute(f"SELECT * FROM {source_sql(query)}")


def source_sql(query: str) -> str:
    return f"postgres_query({text_sql(DATABASE)}, {text_sql(query)})"


def text_sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
