"""Databases extracted at one moment: Sakila, which nobody here designed, and tables made to be difficult."""

import gzip
import itertools
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from duckdb import DuckDBPyConnection

from contracts.settings import load_settings
from lake.store import Store, open_store
from sources.oltp import extract, read_extraction, read_manifest
from stack.postgres import find_programs
from tests.empty_lake import EmptyLake, rename_database
from warehouse.connection import open_engine

pytestmark = pytest.mark.servers

DATA = Path(__file__).resolve().parents[1] / "data"
SAKILA = DATA / "sakila"
COUNTER = itertools.count()


@pytest.fixture
def url(module_lake: EmptyLake) -> Iterator[str]:
    """A new database of the superuser's."""
    name = f"application{next(COUNTER)}"
    with psycopg.connect(module_lake.admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield rename_database(module_lake.admin_url, name)
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def application(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def store(module_lake: EmptyLake) -> Store:
    return open_store()


@pytest.fixture
def con(module_lake: EmptyLake) -> Iterator[DuckDBPyConnection]:
    engine = open_engine(load_settings())
    yield engine
    engine.close()


Take = Callable[..., str | None]


@pytest.fixture
def take(con: DuckDBPyConnection, url: str, store: Store) -> Take:
    """Extract the database: `take()` whole, `take(manifest)` what changed since."""

    def extract_since(since: str | None = None) -> str | None:
        return extract(con, url, store, "accounts", since)

    return extract_since


def read_rows(con: DuckDBPyConnection, key: str | None, table: str, columns: str = "* EXCLUDE raw_object") -> list[Any]:
    assert key is not None
    _, rows, _ = read_extraction(open_store(), key, table)
    return con.execute(f"SELECT {columns} FROM ({rows}) ORDER BY raw_line").fetchall()


def read_keys(con: DuckDBPyConnection, key: str | None, table: str) -> list[Any]:
    assert key is not None
    _, _, keys = read_extraction(open_store(), key, table)
    return sorted(con.execute(keys).fetchall())


def count_rows(key: str | None) -> dict[str, tuple[int, int]]:
    """Rows brought and keys that exist by table."""
    return {t.name: (t.row_count, t.key_count) for t in read_manifest(open_store(), str(key)).tables}


def load_sakila(url: str) -> None:
    for name in ("01_schema.sql.gz", "02_data_copy.sql.gz"):
        script = gzip.decompress((SAKILA / name).read_bytes())
        command = [str(find_programs() / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-d", url]
        subprocess.run(command, input=script, check=True, stdout=subprocess.DEVNULL)


def test_sakila_is_extracted_whole(con: DuckDBPyConnection, url: str, take: Take) -> None:
    load_sakila(url)
    facts = json.loads((SAKILA / "facts.json").read_text())
    counts = count_rows(key := take())
    assert {table: rows for table, (rows, _) in counts.items()} == facts["rows_per_table(select count(*) from ONLY t)"]
    assert all(keys == rows for rows, keys in counts.values())
    payments, rentals, films = (read_extraction(open_store(), str(key), t)[1] for t in ("payment", "rental", "film"))
    assert con.execute(f"SELECT sum(amount)::DOUBLE FROM ({payments})").fetchone() == (facts["payment"]["sum_amount"],)
    returned = con.execute(f"SELECT count(*) - count(return_date) FROM ({rentals})").fetchone()
    assert returned == (facts["rental_return_date_null"],)
    ratings = con.execute(f"SELECT rating, count(*)::VARCHAR FROM ({films}) GROUP BY rating").fetchall()
    assert dict(ratings) == facts["rating_histogram"]


def test_every_value_of_sakila_is_the_databases(
    con: DuckDBPyConnection, url: str, application: psycopg.Connection, take: Take
) -> None:
    load_sakila(url)
    key = take()
    for table in ("film", "staff", "film_actor", "customer"):
        names = [c for c, _ in read_manifest(open_store(), str(key)).find_table(table).columns]
        listed = ", ".join(f'"{n}"::text' if n in ("fulltext", "rating") else f'"{n}"' for n in names)
        expected = application.execute(f"select {listed} from only {table}").fetchall()
        assert sorted(read_rows(con, key, table, ", ".join(names)), key=repr) == sorted(expected, key=repr)


def test_difficult_values_lose_nothing(con: DuckDBPyConnection, application: psycopg.Connection, take: Take) -> None:
    application.execute((DATA / "difficult_tables.sql").read_text())
    key = take()
    counts = {table: rows for table, (rows, _) in count_rows(key).items()}
    assert counts == {'Odd "names"': 2, "parents": 1, "children": 1, "parts": 1}
    assert read_manifest(open_store(), str(key)).find_table("parts").primary_key == ("day", "id")
    _, rows, _ = read_extraction(open_store(), str(key), 'public.Odd "names"')
    own = "* EXCLUDE (raw_object, raw_line) REPLACE (hex(bytes) AS bytes)"
    full, empty = con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM (SELECT {own} FROM ({rows})) ORDER BY 1").fetchall()
    assert empty == ("2", *[None] * 21)
    assert full == (
        "1", "1.10", "12345678901234567890.123456789012345678901234567890", None, "1" + "0" * 36 + ".00",
        "{{1,2},{3,4}}", "[a, NULL, 'b,c']", '{"2026-03-01 10:00:00+00"}', "2026-03-01 10:00:00", "infinity",
        "-infinity", "24:00:00", "1 mon 2 days 00:00:00.000001", "12:00:00+02", "00FF", '{"a": 0.10}', "::1/128",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "101", "9223372036854775807", "x", "true",
    )  # fmt: skip


SHOP = """
    create table articles (id int primary key, name text, updated_at timestamptz default now());
    create table prices (shop text, article int, price numeric(8,2), primary key (shop, article));
    create table visits (page text);
    insert into articles
    select n, 'a' || n, '2026-03-01'::timestamptz + n * interval '1 hour' from generate_series(1, 9) n;
    insert into prices values ('a', 11, 1), ('a1', 1, 2), ('b', 1, 3);
    insert into visits values ('/'), ('/');
"""


def test_an_increment_brings_what_changed(con: DuckDBPyConnection, application: psycopg.Connection, take: Take) -> None:
    application.execute(SHOP)
    first = take()
    assert count_rows(first) == {"articles": (9, 9), "prices": (3, 3), "visits": (2, 2)}
    application.execute("update articles set name = 'new' where id = 3")  # by hand: updated_at stays
    application.execute("update articles set name = 'new', updated_at = null where id = 4")
    application.execute("delete from articles where id = 9")
    application.execute("update prices set price = 9 where shop = 'a1'; insert into prices values ('a', 1, 4)")
    second = take(first)
    assert count_rows(second) == {"articles": (2, 8), "prices": (2, 4), "visits": (0, 2)}
    assert sorted(read_rows(con, second, "articles", "id, name")) == [(3, "new"), (4, "new")]
    assert read_keys(con, second, "articles") == [(n,) for n in range(1, 9)]
    assert read_rows(con, second, "prices", "raw_line") == [(1,), (2,)]
    assert read_rows(con, second, "visits") == []
    application.execute("delete from articles where id = 1")
    third = take(second)
    assert count_rows(third) == {"articles": (0, 7), "prices": (0, 4), "visits": (0, 2)}
    assert count_rows(take(first))["articles"] == (2, 7)


def test_an_unchanged_database_lands_nothing(application: psycopg.Connection, store: Store, take: Take) -> None:
    application.execute(SHOP)
    first = take()
    before = sorted([*store.list("raw/"), *store.list("raw-parts/")])
    assert take(first) is None
    assert sorted([*store.list("raw/"), *store.list("raw-parts/")]) == before


def test_a_long_transaction_is_not_missed(
    con: DuckDBPyConnection, url: str, application: psycopg.Connection, take: Take
) -> None:
    """Its rows say to be older than others that an earlier extraction has already brought."""
    application.execute(SHOP)
    with psycopg.connect(url) as long:
        long.execute("insert into articles values (100, 'late'); update articles set updated_at = now() where id = 1")
        application.execute("insert into articles values (101, 'quick')")
        first = take()
        assert (100,) not in read_keys(con, first, "articles")
        long.commit()
    application.execute("insert into articles values (102, 'after')")
    assert sorted(read_rows(con, take(first), "articles", "id, name")) == [(1, "a1"), (100, "late"), (102, "after")]


def test_a_changed_table_is_taken_whole(application: psycopg.Connection, store: Store, take: Take) -> None:
    application.execute(SHOP)
    first = take()
    application.execute("alter table articles add color text default 'red'; insert into visits values ('/new')")
    second = read_manifest(store, str(take(first)))
    assert {t.name: (t.is_snapshot, t.row_count) for t in second.tables} == {
        "articles": (True, 9), "prices": (False, 0), "visits": (True, 3)
    }  # fmt: skip
    application.execute("drop table visits")
    assert count_rows(take(first)).keys() == {"articles", "prices"}


def test_all_tables_are_cut_at_one_moment(
    con: DuckDBPyConnection, url: str, application: psycopg.Connection, take: Take
) -> None:
    """Money moves between two tables all the time; every extraction finds all of it."""
    application.execute("create table debits (id int primary key, amount int, updated_at timestamptz default now())")
    application.execute("create table credits (like debits including all)")
    for table in ("debits", "credits"):
        application.execute(f"insert into {table} select n, 100 from generate_series(1, 5000) n")
    done = threading.Event()
    mover = threading.Thread(target=move_money, args=(url, done))
    mover.start()
    try:
        key, balances = None, dict[tuple[str, int], int]()
        for _ in range(3):
            key = take(key)
            for table in ("debits", "credits"):
                balances |= {(table, id): amount for id, amount in read_rows(con, key, table, "id, amount")}
            assert sum(balances.values()) == 2 * 5000 * 100
    finally:
        done.set()
        mover.join()


def move_money(url: str, done: threading.Event) -> None:
    with psycopg.connect(url) as connection:
        for number in itertools.takewhile(lambda number: not done.is_set(), itertools.count()):
            change = "update {} set amount = amount {} 1, updated_at = now() where id = 1 + {} % 5000"
            for table, sign in (("debits", "-"), ("credits", "+")):
                connection.execute(change.format(table, sign, number * 7))
            connection.commit()


def test_failures_are_one_sentence(
    con: DuckDBPyConnection, url: str, application: psycopg.Connection, store: Store, take: Take
) -> None:
    application.execute("create table secrets (id int primary key); create role guest login password 'geheim'")
    try:
        server = urlsplit(url)
        guest = server._replace(netloc=f"guest:geheim@{server.hostname}:{server.port}").geturl()
        failures: list[tuple[str, type[Exception], str]] = [
            (guest, ValueError, r"the user may not read public\.secrets: GRANT SELECT ON public\.secrets to it"),
            (
                guest.replace("geheim", "geraten"),
                ConnectionError,
                "not answer the user 'guest': password authentication",
            ),
            (
                guest.replace(f":{server.port}", ":1"),
                ConnectionError,
                "127.0.0.1:1/.* not answer .*: Connection refused",
            ),
            (guest + "x", ConnectionError, 'database "application.*x" does not exist'),
        ]
        for address, kind, message in failures:
            with pytest.raises(kind, match=message) as caught:
                extract(con, address, store, "accounts")
            assert "\n" not in str(caught.value)
            assert not {"geheim", "geraten"} & set(re.findall(r"\w+", str(caught.value)))
            assert caught.value.__cause__ is None
        with pytest.raises(LookupError, match="the database has no table nothing"):
            extract(con, url, store, "accounts", tables=["secrets", "nothing"])
        assert count_rows(take()) == {"secrets": (0, 0)}
    finally:
        application.execute("drop role guest")


def test_a_manifest_that_is_not_there(store: Store, module_lake: EmptyLake) -> None:
    with pytest.raises(LookupError, match="there is no object raw/accounts/none"):
        read_extraction(store, "raw/accounts/none", "users")
