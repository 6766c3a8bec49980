"""An empty lake inside the running test stack: a bucket, two databases and topics with names nobody else has."""

import itertools
import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg
from psycopg import sql

from contracts import load_streams
from contracts.settings import Settings, load_kafka, load_reader, load_settings, source_url
from stack.home import Home, read_ports
from stack.kafka import create_topics, delete_topics
from stack.postgres import admin_url, create_databases
from stack.readers import allow_in_bucket, allow_in_catalog

COUNTER = itertools.count()


@dataclass(frozen=True)
class EmptyLake:
    """Where the test's lake is. `admin_url` is PostgreSQL's superuser, for tests that make databases.

    `topics` are those that make_topics made: few tests need any.
    """

    bucket: str
    catalog_url: str = field(repr=False)
    reader_url: str = field(repr=False)
    accounts_url: str = field(repr=False)
    admin_url: str = field(repr=False)
    topic_prefix: str
    topics: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "WATERSHED_BUCKET": self.bucket,
            "WATERSHED_CATALOG_URL": self.catalog_url,
            "WATERSHED_READER_CATALOG_URL": self.reader_url,
            "WATERSHED_ACCOUNTS_URL": self.accounts_url,
            "WATERSHED_TOPIC_PREFIX": self.topic_prefix,
        }


def make_lake(home: Home) -> EmptyLake:
    name = f"lake{os.getpid()}x{next(COUNTER)}"
    admin = admin_url(home, read_ports(home)["postgres"])
    with psycopg.connect(admin, autocommit=True) as connection:
        for owner in ("catalog", "accounts"):
            create = sql.SQL("create database {} owner {}")
            connection.execute(create.format(sql.Identifier(f"{owner}_{name}"), sql.Identifier(owner)))
    allow_in_catalog(rename_database(admin, f"catalog_{name}"), "catalog")
    settings = load_settings()
    open_s3().create_bucket(Bucket=name)
    allow_in_bucket(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key, name)
    return EmptyLake(
        bucket=name,
        catalog_url=rename_database(settings.catalog_url, f"catalog_{name}"),
        reader_url=rename_database(load_reader().catalog_url, f"catalog_{name}"),
        accounts_url=rename_database(source_url("accounts"), f"accounts_{name}"),
        admin_url=admin,
        topic_prefix=f"{name}-",
    )


def make_topics(lake: EmptyLake, partitions: int = 4) -> dict[str, str]:
    """A topic of the lake's own for each declared stream; returns their names by stream. Gone with the lake."""
    names = {stream.name: lake.topic_prefix + stream.topic for stream in load_streams().values()}
    lake.topics.extend(create_topics(load_kafka(), names.values(), partitions))
    return names


def remove_lake(home: Home, lake: EmptyLake) -> None:
    """The server deletes a bucket with all that is in it."""
    if lake.topics:
        delete_topics(load_kafka(), lake.topics)
    open_s3().delete_bucket(Bucket=lake.bucket)
    with psycopg.connect(lake.admin_url, autocommit=True) as connection:
        for url in (lake.catalog_url, lake.accounts_url):
            database = sql.Identifier(urlsplit(url).path.lstrip("/"))
            connection.execute(sql.SQL("drop database {} with (force)").format(database))


def forget_airflow(home: Home) -> None:
    """Give the next Airflow of the test stack an empty database: its assets name the bucket of their lake."""
    port = read_ports(home)["postgres"]
    with psycopg.connect(admin_url(home, port), autocommit=True) as connection:
        connection.execute("drop database airflow with (force)")
    create_databases(home, port)
    (home.path / "airflow" / "prepared.json").unlink(missing_ok=True)


def rename_database(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def open_s3(settings: Settings | None = None) -> Any:
    settings = settings or load_settings()
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key,
        aws_secret_access_key=settings.s3_secret_key,
    )
