"""Who may only read: roles of PostgreSQL, one for each person and one for our own processes.

What a role may do is the group's, `readers`. What PostgreSQL lets every role do to itself (set another password, other
settings) hits that role alone, and `watershed up` undoes it for ours. docs/production.md has the same for others.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

READERS = "readers"  # the group: nobody logs in as it
READER = "reader"  # of the SQL page, of `watershed sql` and of `watershed serve`: no person gets its password
MOST_CONNECTIONS = 60  # of the server's 100: publishes and Airflow keep theirs
MOST_OF_A_PERSON = 10
# By default everybody may call these: take the lock of publishes, write large objects or the log of the server, wait.
DANGEROUS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
        AND (proname LIKE '%advisory%' OR proname LIKE 'lo\\_%' OR proname LIKE 'pg\\_sleep%'
            OR proname IN ('loread', 'lowrite', 'pg_notify', 'pg_logical_emit_message')
            OR proname IN ('pg_cancel_backend', 'pg_terminate_backend'))
"""
# A role that has set something for itself in one database only.
OWN_SETTINGS = """
    SELECT datname FROM pg_db_role_setting JOIN pg_database AS d ON d.oid = setdatabase
    JOIN pg_roles AS r ON r.oid = setrole WHERE rolname = %s
"""
TRACES = """
    SELECT DISTINCT datname FROM pg_shdepend JOIN pg_database AS d ON d.oid = dbid
    JOIN pg_roles AS r ON r.oid = refobjid WHERE rolname = %s AND refclassid = 'pg_authid'::regclass
"""
GRANTS = (
    "revoke connect, temporary on database {database} from public",
    "grant connect on database {database} to {readers}",
    "grant usage on schema public to {readers}",
    "grant select on all tables in schema public to {readers}",
    "alter default privileges for role {owner} in schema public grant select on tables to {readers}",
    "revoke usage on language plpgsql from public",
    "grant usage on language plpgsql to {owner}",
)
LOGIN = (
    "alter role {name} with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls",
    "alter role {name} password {password} connection limit {most} valid until 'infinity'",
    "alter role {name} reset all",
    "alter role {name} set default_transaction_read_only = on",
    "alter role {name} set statement_timeout = '60s'",
    "grant {readers} to {name} with admin false, inherit true, set false",
    # It sees what they ask and ends what stands in the way of publishes (monitoring/overlong.py).
    "grant {name} to {owner} with admin false, inherit true, set false",
)


def create_readers(connection: "psycopg.Connection[Any]", password: str, owner: str) -> None:
    """The group and our own member of it, as they have to be, whatever was changed. `owner`: of the catalogue."""
    if not has_role(connection, READERS):
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(READERS)))
    create_login(connection, READER, password, owner, MOST_CONNECTIONS)


def create_login(
    connection: "psycopg.Connection[Any]", name: str, password: str, owner: str, most: int = MOST_OF_A_PERSON
) -> None:
    """A member of the group that may log in; an existing one gets this password and loses what it set for itself."""
    role = sql.Identifier(name)
    if not has_role(connection, name):
        connection.execute(sql.SQL("create role {}").format(role))
    for (database,) in connection.execute(OWN_SETTINGS, [name]).fetchall():
        reset = sql.SQL("alter role {} in database {} reset all")
        connection.execute(reset.format(role, sql.Identifier(database)))
    names = {"name": role, "readers": sql.Identifier(READERS), "owner": sql.Identifier(owner)}
    for statement in LOGIN:
        connection.execute(sql.SQL(statement).format(**names, password=sql.Literal(password), most=sql.Literal(most)))


def has_role(connection: "psycopg.Connection[Any]", name: str) -> bool:
    return connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone() is not None


def drop_login(url: str, name: str) -> None:
    """End what the role is doing and remove it. `url` is the superuser's."""
    role = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("alter role {} nologin").format(role))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name])
        # It owns nothing, but may have said whom it would give what it never makes.
        for (database,) in connection.execute(TRACES, [name]).fetchall():
            with psycopg.connect(make_conninfo(url, dbname=database)) as there:
                there.execute(sql.SQL("drop owned by {}").format(role))
        connection.execute(sql.SQL("drop role {}").format(role))


def allow_in_catalog(url: str, owner: str) -> None:
    """Let readers select from the tables of the catalogue at `url` (as superuser), those to come included."""
    with psycopg.connect(url) as connection:
        names = {"database": connection.info.dbname, "owner": owner, "readers": READERS}
        for grant in GRANTS:
            connection.execute(sql.SQL(grant).format(**{what: sql.Identifier(name) for what, name in names.items()}))
        for (function,) in connection.execute(DANGEROUS).fetchall():
            revoke = sql.SQL("revoke execute on function {} from public").format(sql.SQL(function))
            grant_back = sql.SQL("grant execute on function {} to {}").format(sql.SQL(function), sql.Identifier(owner))
            connection.execute(revoke + sql.SQL("; ") + grant_back)
