"""An empty lake inside the running test stack, lent to a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from watershed.stack.empty_lake import (
    EmptyLake,
    execute,
    find_admin,
    make_lake,
    make_topics,
    open_s3,
    remove_lake,
    rename_database,
)
from watershed.stack.home import Home

__all__ = [
    "EmptyLake",
    "hurry_postgres",
    "lend_lake",
    "make_lake",
    "make_topics",
    "open_s3",
    "remove_lake",
    "rename_database",
]


@contextmanager
def lend_lake(home: Home) -> Iterator[EmptyLake]:
    """A lake that the environment names as long as it is there."""
    empty = make_lake(home)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in empty.environment.items():
            patch.setenv(name, value)
        yield empty
    remove_lake(home, empty)


def hurry_postgres(home: Home) -> None:
    """Do without what matters only when the machine loses power. Servers that tests kill keep it."""
    with psycopg.connect(find_admin(home), autocommit=True) as session:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            execute(session, "alter system set {name} = off", name=setting)
        execute(session, "select pg_reload_conf()")
