"""Analysts read the lake and nothing else: each wall is tried without the others."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
import pytest
from botocore.exceptions import ClientError

from sample.layers import publish_viewings
from tests.empty_lake import EmptyLake, open_s3
from tests.warehouse.attacks import CHANGES, LOOK_HARMLESS, OPENS, READS, WRITES
from watershed.declarations.roles import find_role
from watershed.serving.analyst import connect_analyst, forget_analysts, refuse_statement
from watershed.serving.sql_worker import answer_safely
from watershed.settings import load_reader, load_settings
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers
STEWARD = find_role("steward")  # sees everything: no wall is left but those that are tried here


@pytest.fixture(scope="module")
def attacked(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A lake with a row, and secrets beside it: the names that attacks have to know."""
    publish_viewings("core.watch_minutes", "raw/watch_events/one", [(datetime(2026, 1, 1), 1, "a film")])
    folder, other = tmp_path_factory.mktemp("attacked"), f"{module_lake.bucket}-other"
    (folder / "secret.csv").write_text("secret\n42\n")
    open_s3().create_bucket(Bucket=other)
    for bucket, key in ((module_lake.bucket, "raw/secret"), (other, "lake/secret"), (other, "raw/secret")):
        open_s3().put_object(Bucket=bucket, Key=key, Body=b"secret")
    yield {"bucket": module_lake.bucket, "other": other, "folder": str(folder)}
    forget_analysts()
    open_s3().delete_bucket(Bucket=other)


def test_an_analyst_asks_the_lake_of_now_and_then(attacked: dict[str, str]) -> None:
    count = "SELECT count(*) FROM core.watch_minutes"
    assert connect_analyst(role=STEWARD).execute(count).fetchall() == [(1,)]
    [(snapshot,)] = connect().execute("SELECT max(snapshot_id) FROM ledger.books").fetchall()
    assert connect_analyst(snapshot=snapshot - 1, role=STEWARD).execute(count).fetchall() == [(0,)]
    publish_viewings("core.watch_minutes", "raw/watch_events/two", [(datetime(2026, 1, 2), 1, "a film")])
    assert connect_analyst(role=STEWARD).execute(count).fetchall() == [(2,)]
    with pytest.raises(LookupError, match="there is no snapshot 1000"):
        connect_analyst(snapshot=1000, role=STEWARD)


@pytest.mark.parametrize("attack", [*WRITES, *OPENS, *READS, *CHANGES])
def test_the_engine_holds(attacked: dict[str, str], attack: str) -> None:
    here = [42]  # what Python's DuckDB finds by name unless told otherwise
    with pytest.raises(duckdb.Error):
        connect_analyst(role=STEWARD).execute(attack.format(**attacked)).fetchall()
    assert here and [path.name for path in Path(attacked["folder"]).iterdir()] == ["secret.csv"]


@pytest.mark.parametrize("attack", [*WRITES, *OPENS, *READS, *CHANGES, *LOOK_HARMLESS])
def test_the_statement_is_refused(attacked: dict[str, str], attack: str) -> None:
    """Where it is only a name that the lake does not have, the engine says so."""
    sql = attack.format(**attacked)
    try:
        refuse_statement(sql, STEWARD)
    except (ValueError, duckdb.Error):
        return
    with pytest.raises(duckdb.Error, match=r"does not exist|Cannot access file"):
        connect_analyst(role=STEWARD).execute(sql)


def test_the_page_answers_none(attacked: dict[str, str]) -> None:
    """As the cockpit's processes answer them."""
    attacks = [attack.format(**attacked) for attack in (*WRITES, *OPENS, *READS, *CHANGES, *LOOK_HARMLESS)]
    asked = {"role": "steward", "snapshot": "", "shown": 10}
    answers = {attack: answer_safely({"query": attack} | asked) for attack in attacks}
    assert [attack for attack, answer in answers.items() if "error" not in answer] == []
    assert answer_safely({"query": "SELECT 42 AS i"} | asked)["rows"] == [[42]]


@pytest.mark.parametrize("sql", ["", "  ; ", "SELCT 1", "EXPLAIN", "CALL duckdb_tables()"])
def test_what_is_no_query_is_told_so(sql: str) -> None:
    with pytest.raises((ValueError, duckdb.ParserException), match=r"SELECT|syntax error"):
        refuse_statement(sql, STEWARD)


@pytest.mark.parametrize(
    "sql",
    [
        "EXPLAIN ANALYZE FROM core.requests",
        "/* why */ EXPLAIN (FORMAT json) SELECT 1",
        "SUMMARIZE core.requests",
        "DESCRIBE core.requests",
        "SHOW ALL TABLES",
        "PIVOT core.requests ON method IN ('GET') USING count(*)",
        "FROM core.photos_as_of(now()); FROM core.requests AT (VERSION => 1)",
        "SELECT unnest(range(3)), (SELECT count(*) FROM generate_series(3))",
        "FROM lake.snapshots()",
    ],
)
def test_queries_are_let_through(attacked: dict[str, str], sql: str) -> None:
    refuse_statement(sql, STEWARD)
    connect_analyst(role=STEWARD).execute(sql)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ducklake_snapshot",
        "TRUNCATE ducklake_data_file",
        "CREATE TABLE mine (i int)",
        "CREATE TEMP TABLE mine (i int)",
        "CREATE SCHEMA mine",
        "LOCK TABLE ducklake_snapshot IN EXCLUSIVE MODE",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
        "SELECT lo_create(0)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY ducklake_snapshot TO PROGRAM 'cat'",
        "ALTER ROLE reader SUPERUSER",
        "SET ROLE catalog",
    ],
)
def test_the_role_holds(attacked: dict[str, str], statement: str) -> None:
    """Also where it has asked for a transaction that may write."""
    with psycopg.connect(load_reader().catalog_url) as session:
        session.read_only = False
        assert session.execute("SELECT count(*) > 0 FROM ducklake_snapshot").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement.encode())


def test_the_role_reads_no_other_database(stack: object) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(load_reader().catalog_url.rpartition("/")[0] + "/accounts")


def test_the_key_reads_tables_and_nothing_else(attacked: dict[str, str]) -> None:
    bucket, other = attacked["bucket"], attacked["other"]
    reader = open_s3(load_reader())
    [file, *_] = reader.list_objects_v2(Bucket=bucket, Prefix="lake/core/")["Contents"]
    assert reader.get_object(Bucket=bucket, Key=file["Key"])["Body"].read(4) == b"PAR1"
    attempts = [
        lambda: reader.get_object(Bucket=bucket, Key="raw/secret"),
        lambda: reader.list_objects_v2(Bucket=bucket, Prefix="raw/"),
        lambda: reader.list_objects_v2(Bucket=bucket),
        lambda: reader.get_object(Bucket=other, Key="lake/secret"),
        lambda: reader.list_objects_v2(Bucket=other, Prefix="lake/"),
        lambda: reader.put_object(Bucket=bucket, Key="lake/mine", Body=b""),
        lambda: reader.copy_object(Bucket=bucket, Key="lake/mine", CopySource=f"{bucket}/{file['Key']}"),
        lambda: reader.create_multipart_upload(Bucket=bucket, Key="lake/mine"),
        lambda: reader.delete_object(Bucket=bucket, Key=file["Key"]),
        lambda: reader.put_bucket_policy(Bucket=bucket, Policy="{}"),
        lambda: reader.delete_bucket_policy(Bucket=bucket),
        lambda: reader.delete_bucket(Bucket=bucket),
        lambda: reader.create_bucket(Bucket="mine"),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError, match=r"AccessDenied|403"):
            attempt()
    several = reader.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": file["Key"]}]})
    assert [error["Code"] for error in several["Errors"]] == ["AccessDenied"]
    assert reader.head_object(Bucket=bucket, Key=file["Key"])["ContentLength"] == file["Size"]


def test_limits_are_those_of_the_settings(attacked: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_ANALYST_MEMORY", "300MB")
    monkeypatch.setenv("WATERSHED_ANALYST_THREADS", "1")
    forget_analysts()
    con = connect_analyst(role=STEWARD)
    assert con.execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchall() == [
        ("286.1 MiB", 1)
    ]
    assert load_reader().catalog_url != load_settings().catalog_url
    forget_analysts()
