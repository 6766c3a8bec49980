"""Who may only read: a role of PostgreSQL, for analysts; stack/s3_keys.py has its key of the S3 server.

The servers refuse everything else, whoever asks and with what program: docs/production.md has the same for others.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

READER = "reader"
MOST_CONNECTIONS = 60  # of the server's 100: publishes and Airflow keep theirs
# By default everybody may call these: take the lock of publishes, or write large objects.
DANGEROUS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
        AND (proname LIKE '%advisory%' OR proname LIKE 'lo\\_%' OR proname = 'lowrite')
"""


def create_reader(connection: "psycopg.Connection[Any]", password: str) -> None:
    """The role, once: it owns nothing, and its connections end what takes too long at the catalogue."""
    if connection.execute("select 1 from pg_roles where rolname = %s", [READER]).fetchone() is None:
        connection.execute(sql.SQL("create role {} login").format(sql.Identifier(READER)))
    options = [
        sql.SQL("alter role {} password {} connection limit {}"),
        sql.SQL("alter role {} set default_transaction_read_only = on"),
        sql.SQL("alter role {} set statement_timeout = '60s'"),
    ]
    values = [sql.Literal(password), sql.Literal(MOST_CONNECTIONS)]
    for option in options:
        connection.execute(option.format(sql.Identifier(READER), *values))


def allow_in_catalog(url: str, owner: str) -> None:
    """Let the reader select from the tables of the catalogue at `url` (as superuser), those to come included."""
    with psycopg.connect(url) as connection:
        for statement in spell_grants(connection.info.dbname, owner):
            connection.execute(statement)
        for (function,) in connection.execute(DANGEROUS).fetchall():
            revoke = sql.SQL("revoke execute on function {} from public").format(sql.SQL(function))
            grant = sql.SQL("grant execute on function {} to {}").format(sql.SQL(function), sql.Identifier(owner))
            connection.execute(revoke + sql.SQL("; ") + grant)


def spell_grants(database: str, owner: str) -> Iterator[sql.Composed]:
    grants = (
        "revoke connect, temporary on database {database} from public",
        "grant connect on database {database} to {reader}",
        "grant usage on schema public to {reader}",
        "grant select on all tables in schema public to {reader}",
        "alter default privileges for role {owner} in schema public grant select on tables to {reader}",
    )
    names = {"database": database, "owner": owner, "reader": READER}
    for grant in grants:
        yield sql.SQL(grant).format(**{what: sql.Identifier(name) for what, name in names.items()})
