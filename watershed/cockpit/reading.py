"""Reads the lake inside the web server, for pages that show rows as they lie there: with a bound of memory and of time.

What people write themselves is asked in processes of their own (`asking.py`), as their role sees it. These pages see
the lake itself and mask what they show. Their statements are ours, but a table may be large, and a value a megabyte.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb
from duckdb import DuckDBPyConnection

from watershed.errors import NotFound
from watershed.settings import load_reader
from watershed.warehouse.connection import connect

PATIENCE_S = 20.0
TOO_MUCH = "There is too much of it to be shown on a page: ask in SQL, where a question may take longer"


@contextmanager
def read_lake(too_much: str = TOO_MUCH) -> Iterator[DuckDBPyConnection]:
    """A connection with the reader's key, and with all others of this process the memory of one question.

    Raises NotFound with `too_much` where what is asked takes more, or longer than PATIENCE_S.
    """
    with closing(connect(load_reader(), read_only=True)) as con, give_up_after(con, PATIENCE_S):
        try:
            yield con
        except (duckdb.InterruptException, duckdb.OutOfMemoryException):
            raise NotFound(too_much) from None


@contextmanager
def give_up_after(con: DuckDBPyConnection, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, con.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
