"""What PostgreSQL lets a role do to itself and to others, tried one by one as somebody who only reads."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.empty_lake import EmptyLake, open_s3, rename_database
from watershed.monitoring.overlong import end_overlong
from watershed.settings import load_reader, load_settings
from watershed.stack.home import Home, read_ports
from watershed.stack.people_keys import add_keys, remove_keys
from watershed.stack.postgres import create_databases
from watershed.stack.readers import READER
from watershed.stack.s3_keys import BUCKET

pytestmark = pytest.mark.servers

# None of these may do anything, whatever the role sets for itself first.
REFUSED = """
ALTER ROLE postgres PASSWORD 'x'
ALTER ROLE reader PASSWORD 'x'
ALTER ROLE catalog SET statement_timeout = 1
ALTER ROLE {me} SUPERUSER
ALTER ROLE {me} CREATEDB
ALTER ROLE {me} CREATEROLE
ALTER ROLE {me} REPLICATION
ALTER ROLE {me} BYPASSRLS
ALTER ROLE {me} CONNECTION LIMIT 100
ALTER ROLE {me} VALID UNTIL '2000-01-01'
ALTER ROLE {me} NOLOGIN
DROP ROLE {me}
CREATE ROLE other
GRANT readers TO catalog
GRANT {me} TO reader
GRANT catalog TO {me}
SET ROLE catalog
SET ROLE readers
SET ROLE reader
SET ROLE postgres
SET SESSION AUTHORIZATION catalog
SET session_replication_role = replica
ALTER SYSTEM SET work_mem = '1GB'
ALTER DATABASE catalog SET statement_timeout = 1
ALTER ROLE ALL SET statement_timeout = 1
DROP DATABASE catalog
CREATE DATABASE other
CREATE SCHEMA other
CREATE TABLE public.other (i int)
CREATE TEMP TABLE other (i int)
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'select 1'
CREATE VIEW public.v AS SELECT 1
CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'select 1'
CREATE EXTENSION pg_trgm
DO $$ BEGIN LOOP END LOOP; END $$
SELECT pg_sleep(600)
SELECT pg_sleep_for('1 hour')
SELECT pg_sleep_until('infinity')
SELECT pg_advisory_lock(1)
SELECT pg_try_advisory_lock(1)
SELECT pg_advisory_xact_lock(1)
SELECT pg_advisory_unlock_all()
SELECT lo_create(1)
SELECT lo_creat(1)
SELECT lo_from_bytea(0, 'x')
SELECT lo_import('/etc/passwd')
SELECT loread(1, 1)
SELECT pg_notify('a', 'b')
SELECT pg_logical_emit_message(false, 'a', 'b')
SELECT pg_cancel_backend(pg_backend_pid())
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'catalog'
SELECT pg_read_file('/etc/passwd')
SELECT pg_ls_dir('/')
SELECT pg_reload_conf()
SELECT pg_promote()
SELECT pg_create_restore_point('x')
SELECT pg_create_physical_replication_slot('x')
SELECT pg_log_backend_memory_contexts(pg_backend_pid())
SELECT * FROM pg_authid
SELECT * FROM pg_hba_file_rules
COPY ducklake_metadata TO PROGRAM 'id'
COPY ducklake_metadata TO '/tmp/x'
COPY ducklake_metadata FROM '/etc/passwd'
COPY ducklake_metadata FROM STDIN
INSERT INTO ducklake_metadata DEFAULT VALUES
UPDATE ducklake_metadata SET key = 'x'
DELETE FROM ducklake_metadata
TRUNCATE ducklake_metadata
DROP TABLE ducklake_metadata
ALTER TABLE ducklake_metadata ADD COLUMN i int
COMMENT ON TABLE ducklake_metadata IS 'x'
CREATE INDEX ON ducklake_metadata (key)
LOCK TABLE ducklake_metadata IN ACCESS EXCLUSIVE MODE
SELECT * FROM ducklake_metadata FOR UPDATE
CHECKPOINT
BEGIN; PREPARE TRANSACTION 'x'
CREATE PUBLICATION p
CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p
CREATE EVENT TRIGGER t ON sql_drop EXECUTE FUNCTION f()
"""
# What PostgreSQL does not let anybody take from a role. It hits the role itself.
# When the session begins: a role whose statements may take a millisecond could not set it afterwards.
FREE = "-c default_transaction_read_only=off -c statement_timeout=5s"
OWN = """
ALTER ROLE {me} SET statement_timeout = 0
ALTER ROLE {me} SET search_path = 'nowhere'
ALTER ROLE {me} IN DATABASE {database} SET statement_timeout = 1
ALTER ROLE {me} SET default_transaction_read_only = off
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC
ALTER ROLE {me} PASSWORD 'lost'
"""


@pytest.fixture(scope="module")
def person(stack: Home, module_lake: EmptyLake) -> Iterator[str]:
    """The address of the lake's catalogue as somebody with a role of their own."""
    yield move(add_keys(stack, "ada.l")["WATERSHED_READER_CATALOG_URL"], module_lake)
    remove_keys(stack, "ada.l")


def move(url: str, lake: EmptyLake) -> str:
    return rename_database(url, urlsplit(lake.catalog_url).path.lstrip("/"))


def run(url: str, *statements: str) -> list[str]:
    """Those that PostgreSQL let somebody do, each in a session of its own that first throws off its limits."""
    done = []
    names = {"me": f'"{urlsplit(url).username}"', "database": urlsplit(url).path.lstrip("/")}
    for statement in statements:
        with suppress(psycopg.Error), psycopg.connect(url, autocommit=True, options=FREE) as session:
            session.execute(statement.replace("{me}", names["me"]).replace("{database}", names["database"]))
            done.append(statement)
    return done


def test_a_reader_does_nothing_but_read(person: str) -> None:
    statements = REFUSED.strip().splitlines()
    assert len(statements) > 70
    assert run(person, *statements) == []
    assert run(person, "SELECT 1 FROM ducklake_metadata") != []


@pytest.mark.parametrize("database", ["postgres", "template1", "airflow", "accounts"])
def test_a_reader_enters_no_other_database(person: str, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(rename_database(person, database))


def test_what_a_person_does_to_their_role_hits_nobody_else(stack: Home, module_lake: EmptyLake) -> None:
    url = move(add_keys(stack, "eve")["WATERSHED_READER_CATALOG_URL"], module_lake)
    own = OWN.strip().splitlines()
    assert run(url, *own) == own
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)
    with psycopg.connect(module_lake.reader_url) as session:
        assert session.execute("SHOW statement_timeout").fetchone() == ("1min",)
    with pytest.raises(ValueError, match="eve has keys already: remove them first"):
        add_keys(stack, "eve")
    remove_keys(stack, "eve")
    again = move(add_keys(stack, "eve")["WATERSHED_READER_CATALOG_URL"], module_lake)
    with psycopg.connect(again) as session:
        assert session.execute("SHOW statement_timeout").fetchone() == ("1min",)
    remove_keys(stack, "eve")


def test_a_start_undoes_what_was_done_to_our_own_reader(stack: Home, module_lake: EmptyLake) -> None:
    own = OWN.strip().splitlines()
    assert run(module_lake.reader_url, *own) == own
    create_databases(stack, read_ports(stack)["postgres"])
    with psycopg.connect(module_lake.reader_url) as session:
        shown = [session.execute(f"SHOW {name}").fetchone() for name in ("statement_timeout", "search_path")]
        assert shown == [("1min",), ('"$user", public',)]


def test_who_stands_in_the_way_is_ended(person: str, module_lake: EmptyLake) -> None:
    """A statement without end, and a transaction that keeps a table from changing: each turned its limit off."""
    reader = psycopg.connect(person)
    with psycopg.connect(module_lake.catalog_url, autocommit=True) as owner:
        assert list(end_overlong(owner)) == []
        reader.execute("SET statement_timeout = 0")
        failures: list[str] = []
        asking = threading.Thread(target=ask_without_end, args=(reader, failures))
        asking.start()
        wait_until(lambda: list(end_overlong(owner, longest_s=0.2)))
        asking.join(30)
        assert "terminating connection due to administrator command" in failures[0]
    reader = psycopg.connect(person)
    with psycopg.connect(module_lake.catalog_url) as writer:
        reader.execute("SELECT count(*) FROM ducklake_metadata")
        changing = threading.Thread(target=writer.execute, args=("LOCK TABLE ducklake_metadata",))
        changing.start()
        with psycopg.connect(module_lake.catalog_url, autocommit=True) as owner:
            [ended] = wait_until(lambda: list(end_overlong(owner, patience_s=0.2)))
        changing.join(30)
        assert not changing.is_alive() and "ended a session of ada.l" in ended


def ask_without_end(session: "psycopg.Connection[Any]", failures: list[str]) -> None:
    try:
        session.execute("SELECT count(*) FROM generate_series(1, 1000000000000)")
    except psycopg.Error as error:
        failures.append(str(error))


def wait_until(look: Callable[[], list[str]]) -> list[str]:
    while not (found := look()):
        time.sleep(0.1)
    return found


def test_a_key_opens_the_tables_until_it_is_removed(stack: Home) -> None:
    open_s3().put_object(Bucket=BUCKET, Key="lake/core/x.parquet", Body=b"rows")
    open_s3().put_object(Bucket=BUCKET, Key="raw/x", Body=b"raw")
    given = add_keys(stack, "max")
    own = replace(load_settings(), s3_access_key=given["WATERSHED_READER_S3_ACCESS_KEY"])
    client = open_s3(replace(own, s3_secret_key=given["WATERSHED_READER_S3_SECRET_KEY"], bucket=BUCKET))
    wait_until(lambda: read_bodies(client, "lake/core/x.parquet"))
    assert client.list_objects_v2(Bucket=BUCKET, Prefix="lake/")["KeyCount"] >= 1
    assert read_bodies(client, "raw/x") == []
    for refused in (client.put_object, client.delete_object):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused(Bucket=BUCKET, Key="lake/core/x.parquet")
    session = psycopg.connect(given["WATERSHED_READER_CATALOG_URL"])
    remove_keys(stack, "max")
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    assert read_bodies(client, "lake/core/x.parquet") == []
    with pytest.raises(LookupError, match="nobody called 'max' has keys"):
        remove_keys(stack, "max")
    assert load_reader().s3_access_key == READER


def read_bodies(client: Any, key: str) -> list[str]:
    with suppress(ClientError):
        return [client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()]
    return []


@pytest.mark.parametrize("name", ["catalog", "reader", "postgres", "readers", "Ada", "a b", "", "a;b", 'a"b'])
def test_names_of_the_stack_and_no_names_are_refused(stack: Home, name: str) -> None:
    with pytest.raises(ValueError, match=r"is a role of the stack|is not a name"):
        add_keys(stack, name)
