"""A lake beside the others in the local servers: a bucket, two databases and topics with names nobody else has. For
tests and benchmarks, which want it empty and drop it afterwards.

Preparing one takes a second of two processors: the catalogue is a copy of one that is prepared once.
"""

import itertools
import os
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from watershed.declarations import load_streams
from watershed.lake.store import make_client
from watershed.settings import Settings, load_kafka, load_reader, load_settings, source_url
from watershed.stack.home import Home, read_ports
from watershed.stack.kafka import create_topics, delete_topics
from watershed.stack.postgres import admin_url
from watershed.stack.readers import READERS, allow_in_catalog
from watershed.stack.s3_keys import allow_in_bucket
from watershed.warehouse.connection import forget_engines
from watershed.warehouse.publish import prepare

COUNTER = itertools.count()
TEMPLATE = "prepared_catalog"


@dataclass(frozen=True)
class EmptyLake:
    """Where the lake is. `admin_url` is PostgreSQL's superuser, for those who make databases. `topics`: those that
    make_topics made; few need any."""

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
    admin = find_admin(home)
    settings = load_settings()
    with psycopg.connect(admin, autocommit=True) as session:
        copy_catalog(session, admin, f"catalog_{name}", replace(settings, bucket=name).lake_path)
        execute(session, "create database {name} strategy file_copy owner accounts", name=f"accounts_{name}")
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


def find_admin(home: Home) -> str:
    return admin_url(home, read_ports(home)["postgres"])


def copy_catalog(session: "psycopg.Connection[Any]", admin: str, name: str, lake_path: str) -> None:
    """A prepared catalogue of a lake without a row, whose files are going to be at `lake_path`."""
    if not session.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone():
        make_template(session, admin)
    create = "create database {name} template {template} strategy file_copy owner catalog"
    execute(session, create, name=name, template=TEMPLATE)
    execute(session, "revoke connect, temporary on database {name} from public", name=name)
    execute(session, "grant connect on database {name} to {reader}", name=name, reader=READERS)
    with psycopg.connect(rename_database(admin, name)) as catalog:
        catalog.execute("update ducklake_metadata set value = %s where key = 'data_path'", [lake_path])


def make_template(session: "psycopg.Connection[Any]", admin: str) -> None:
    """Prepare the catalogue that others are copies of, and have nobody connected to it any more."""
    settings = load_settings()
    execute(session, "create database {name} owner catalog", name=TEMPLATE)
    allow_in_catalog(rename_database(admin, TEMPLATE), "catalog")
    prepare(replace(settings, catalog_url=rename_database(settings.catalog_url, TEMPLATE)))
    forget_engines()
    end = "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = %s"
    session.execute(end, [TEMPLATE])


def execute(session: "psycopg.Connection[Any]", statement: str, **names: str) -> None:
    session.execute(sql.SQL(statement).format(**{what: sql.Identifier(name) for what, name in names.items()}))


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
    with psycopg.connect(lake.admin_url, autocommit=True) as session:
        for url in (lake.catalog_url, lake.accounts_url):
            execute(session, "drop database {name} with (force)", name=urlsplit(url).path.lstrip("/"))


def rename_database(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def open_s3(settings: Settings | None = None) -> Any:
    """A client of the lake's S3 server."""
    return make_client(settings or load_settings())
