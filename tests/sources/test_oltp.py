"""Databases extracted at one moment, and increments that bring just what changed."""

import itertools
import threading

import psycopg
import pytest

from tests.empty_lake import EmptyLake
from tests.sources.application import Application
from watershed.declarations import find_table as find_contract
from watershed.lake.store import open_store
from watershed.sources.postgres import session as postgres_session
from watershed.sources.postgres.extractions import read_extraction, read_manifest

pytestmark = pytest.mark.servers

SHOP = """
    create table articles (id int primary key, name text, updated_at timestamptz default now());
    create table prices (shop text, article int, price numeric(8,2), primary key (shop, article));
    create table visits (page text);
    insert into articles
    select n, 'a' || n, '2026-03-01'::timestamptz + n * interval '1 hour' from generate_series(1, 9) n;
    insert into prices values ('a', 11, 1), ('a1', 1, 2), ('b', 1, 3);
    insert into visits values ('/'), ('/');
"""


@pytest.fixture
def shop(application: Application) -> Application:
    application.execute(SHOP)
    return application


def test_an_increment_brings_what_changed(shop: Application) -> None:
    first = shop.take()
    assert shop.count_rows(first) == {"articles": (9, 9), "prices": (3, 3), "visits": (2, 2)}
    shop.execute("update articles set name = 'new' where id = 3")  # by hand: updated_at stays
    shop.execute("update articles set name = 'new', updated_at = null where id = 4")
    shop.execute("delete from articles where id = 9")
    shop.execute("update prices set price = 9 where shop = 'a1'; insert into prices values ('a', 1, 4)")
    second = shop.take(first)
    assert shop.count_rows(second) == {"articles": (2, 8), "prices": (2, 4), "visits": (0, 2)}
    assert sorted(shop.read_rows(second, "articles", "id, name")) == [(3, "new"), (4, "new")]
    assert shop.read_keys(second, "articles") == [(n,) for n in range(1, 9)]
    assert shop.read_rows(second, "prices", "raw_line") == [(1,), (2,)]
    assert shop.read_rows(second, "visits") == []


def test_an_increment_may_bring_deletions_only(shop: Application) -> None:
    first = shop.take()
    shop.execute("delete from articles where id = 1")
    second = shop.take(first)
    assert shop.count_rows(second) == {"articles": (0, 8), "prices": (0, 3), "visits": (0, 2)}
    assert shop.read_rows(second, "articles") == []
    assert shop.read_keys(second, "articles") == [(n,) for n in range(2, 10)]


def test_an_increment_may_build_on_any_extraction(shop: Application) -> None:
    first = shop.take()
    shop.execute("update articles set name = 'new', updated_at = now() where id = 1")
    second = shop.take(first)
    shop.execute("update articles set name = 'new', updated_at = now() where id = 2")
    assert shop.count_rows(shop.take(second))["articles"] == (1, 9)
    assert shop.count_rows(shop.take(first))["articles"] == (2, 9)


def test_an_unchanged_database_lands_nothing(shop: Application) -> None:
    first = shop.take()
    before = sorted([*shop.store.list("raw/"), *shop.store.list("raw-parts/")])
    assert shop.take(first) is None
    assert sorted([*shop.store.list("raw/"), *shop.store.list("raw-parts/")]) == before


def test_a_long_transaction_is_not_missed(shop: Application) -> None:
    """Its rows say to be older than others that an earlier extraction has already brought."""
    with psycopg.connect(shop.url) as long:
        long.execute("insert into articles values (100, 'late'); update articles set updated_at = now() where id = 1")
        shop.execute("insert into articles values (101, 'quick')")
        first = shop.take()
        assert (100,) not in shop.read_keys(first, "articles")
        long.commit()
    shop.execute("insert into articles values (102, 'after')")
    brought = shop.read_rows(shop.take(first), "articles", "id, name")
    assert sorted(brought) == [(1, "a1"), (100, "late"), (102, "after")]


def test_a_changed_table_is_taken_whole(shop: Application) -> None:
    first = shop.take()
    shop.execute("alter table articles add color text default 'red'; insert into visits values ('/new')")
    tables = read_manifest(shop.store, str(shop.take(first))).tables
    taken = {table.name: (table.is_snapshot, table.row_count) for table in tables}
    assert taken == {"articles": (True, 9), "prices": (False, 0), "visits": (True, 3)}
    shop.execute("drop table visits")
    assert shop.count_rows(shop.take(first)).keys() == {"articles", "prices"}


def test_values_that_change_without_new_versions_of_rows_are_taken(shop: Application) -> None:
    """PostgreSQL rewrites no row, whose versions stay."""
    shop.execute("""
        create type state as enum ('new', 'old'); create type place as (shelf int);
        create table goods (id int primary key, state state, places place[], color text default 'red');
        create table copies (id int primary key, state state[]);
        insert into goods values (1, 'new', array[row(7)::place]); insert into copies values (1, '{old}');
    """)
    key = shop.take()
    for change, table, columns, values in (
        ("alter type state rename value 'new' to 'fresh'", "goods", "state", "fresh"),
        ("alter type state rename value 'old' to 'worn'", "copies", "state", "{worn}"),
        ("alter type place add attribute floor int", "goods", "places", '{"(7,)"}'),
        ("alter table goods drop color; alter table goods add color text default 'blue'", "goods", "color", "blue"),
        ("alter table articles rename to before; alter table copies rename to articles", "articles", "state", "{worn}"),
    ):
        assert shop.take(key) is None
        shop.execute(change)
        key = shop.take(key)
        assert shop.read_rows(key, table, columns) == [(values,)]
    assert shop.count_rows(key)["prices"] == (0, 3)


def test_a_key_may_be_read_otherwise_from_one_day_to_the_next(application: Application) -> None:
    """An array of arrays, and NaN, are read as text, and so are all other values of the column."""
    application.execute("create table grids (place int[] primary key); create table sums (n numeric(5, 2) primary key)")
    application.execute("insert into grids values ('{1,2}'), ('{}'); insert into sums values (1)")
    first = application.take()
    assert application.read_keys(first, "grids") == [([],), ([1, 2],)]
    application.execute("insert into grids values ('{{1,2},{3,4}}'); insert into sums values ('NaN')")
    second = application.take(first)
    assert application.read_keys(second, "grids") == [("{1,2}",), ("{{1,2},{3,4}}",), ("{}",)]
    assert application.read_keys(second, "sums") == [("1.00",), ("NaN",)]
    assert application.take(second) is None
    application.execute("delete from sums where n = 'NaN'")
    assert application.count_rows(application.take(second)) == {"grids": (0, 3), "sums": (1, 1)}


def test_all_tables_are_cut_at_one_moment(application: Application) -> None:
    """Money moves between two tables all the time; every extraction finds all of it."""
    application.execute("create table debits (id int primary key, amount int, updated_at timestamptz default now())")
    application.execute("create table credits (like debits including all)")
    for table in ("debits", "credits"):
        application.execute(f"insert into {table} select n, 100 from generate_series(1, 5000) n")
    done = threading.Event()
    mover = threading.Thread(target=move_money, args=(application.url, done))
    mover.start()
    try:
        key, balances = None, dict[tuple[str, int], int]()
        for _ in range(3):
            key = application.take(key)
            for table in ("debits", "credits"):
                balances |= {(table, n): amount for n, amount in application.read_rows(key, table, "id, amount")}
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


def test_a_manifest_that_is_not_there(module_lake: EmptyLake) -> None:
    with pytest.raises(LookupError, match="there is no object raw/accounts/none"):
        read_extraction(open_store(), "raw/accounts/none", find_contract("users"))


def test_a_server_may_not_tell_who_it_is(shop: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_manifest(shop.store, str(shop.take())).system.isdigit()
    monkeypatch.setattr(postgres_session, "SERVER", "SELECT 1 / 0")
    manifest = read_manifest(shop.store, str(shop.take()))
    assert (manifest.system, manifest.timeline, manifest.tables[0].row_count) == ("", 0, 9)
