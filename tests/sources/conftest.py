"""A database of the test's own inside the running stack."""

import itertools
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from contracts.settings import load_settings
from lake.store import open_store
from tests.empty_lake import EmptyLake, rename_database
from tests.sources.application import Application
from warehouse.connection import open_engine

COUNTER = itertools.count()


@pytest.fixture
def application(module_lake: EmptyLake) -> Iterator[Application]:
    """An empty database, seen as the superuser."""
    name = f"application{next(COUNTER)}"
    url = rename_database(module_lake.admin_url, name)
    with psycopg.connect(module_lake.admin_url, autocommit=True) as server:
        server.execute(f"create database {name}")
        with psycopg.connect(url, autocommit=True) as session, closing(open_engine(load_settings())) as con:
            yield Application(url, session, con, open_store())
        server.execute(f"drop database {name} with (force)")
