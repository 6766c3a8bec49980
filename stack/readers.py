"""Who may only read: a role of PostgreSQL and a key of the S3 server, for analysts.

The servers refuse everything else, whoever asks and with what program: docs/production.md has the same for others.
"""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import psycopg
from botocore.config import Config
from psycopg import sql

from stack.home import Home, write_private

READER = "reader"
ACCOUNT = "000000000000"  # what the S3 server calls its only one
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


def write_identities(home: Home) -> str:
    """The S3 server's file of keys besides its administrator's: the reader may do what a bucket's policy says."""
    secret = home.read_secret("s3_reader")
    reader = {"name": READER, "credentials": [{"accessKey": READER, "secretKey": secret}], "actions": []}
    path = home.folder("s3") / "identities.json"
    write_private(path, json.dumps({"identities": [reader]}))
    return str(path)


def allow_in_bucket(endpoint: str, access_key: str, secret_key: str, bucket: str) -> None:
    """Let the reader list and read what is under `lake/`, by a policy of the bucket."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(retries={"mode": "standard", "max_attempts": 10}),  # a server that has just started refuses it
    )
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(spell_policy(bucket)))


def spell_policy(bucket: str) -> dict[str, Any]:
    who = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{READER}"}}
    read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/lake/*"}
    only = {"StringLike": {"s3:prefix": "lake/*"}}
    look = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": only}
    return {"Version": "2012-10-17", "Statement": [who | read, who | look]}
