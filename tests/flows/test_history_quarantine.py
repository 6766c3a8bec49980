"""A version that is bad is not there: what was known before it holds until a good one comes. No version begins after it
was seen."""

from contextlib import closing

import psycopg
import pytest

from sample.apply_accounts import SCHEMA_FILE
from tests.empty_lake import EmptyLake
from tests.flows.shop import Shop, open_shop
from tests.runs import begin
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.run import run_source
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import hold_lock

pytestmark = pytest.mark.servers


@pytest.fixture
def shop(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return open_shop(lake, monkeypatch)


def test_a_bad_version_does_not_end_the_good_one(shop: Shop) -> None:
    shop.run()
    shop.change("update articles set name = null where id = 1; update articles set name = 'new' where id = 2")
    shop.run()
    assert shop.read_current() == [(1, "one"), (2, "new")]
    shop.change("update articles set name = null, amount = 7 where id = 1; insert into articles values (3, null, 3)")
    shop.run()
    assert shop.read_current() == [(1, "one"), (2, "new")]
    shop.change("update articles set name = 'good', updated_at = now() where id = 1; delete from articles where id = 3")
    shop.run()
    assert shop.read_current() == [(1, "good"), (2, "new")]
    assert shop.ask("SELECT rule, count(*) FROM quarantine.articles GROUP BY rule") == [("not_null:name", 3)]
    assert shop.sum_books() == [
        ("shop.1", 2, 2, 0, 0), ("shop.2", 2, 1, 1, 0), ("shop.3", 2, 0, 2, 0), ("shop.4", 1, 1, 0, 0)
    ]  # fmt: skip
    history = shop.read_history("* EXCLUDE raw_line")
    shop.rebuild()
    assert shop.read_history("* EXCLUDE raw_line") == history
    assert shop.ask("SELECT count(*) FROM quarantine.articles") == [(3,)]


def test_a_record_whose_last_version_is_bad_can_be_deleted_and_return(shop: Shop) -> None:
    shop.run()
    shop.change("update articles set name = null where id = 1")
    shop.run()
    shop.change("delete from articles where id = 1")
    shop.run()
    assert shop.read_history() == [(1, "one", False, True), (2, "two", True, False)]
    shop.change("insert into articles values (1, null, 1)")
    shop.run()
    assert shop.read_current() == [(2, "two")]
    shop.change("update articles set name = 'back' where id = 1")
    shop.run()
    told = [(1, "one", False, True), (1, "back", True, False), (2, "two", True, False)]
    assert shop.read_history() == told
    shop.rebuild()
    assert shop.read_history() == told


def test_several_bad_versions_in_one_run(shop: Shop) -> None:
    """Bad, the same again, good as before, bad otherwise, all folded at once; a rebuild is just that."""
    shop.run()
    for number, name in enumerate(("null", "null", "'one'", "null")):
        shop.change(f"update articles set name = {name}, amount = {number // 2} where id = 1")
        take_arrivals(begin("shop", f"died.{number}"))
    shop.run()
    assert shop.read_history("id, name, amount, is_current") == [(1, "one", 1, True), (2, "two", 2, True)]
    assert shop.sum_books()[1] == ("shop.2", 5, 0, 2, 3)  # the run itself brings the last one again


ODD = ["'2099-01-01'", "null", "'0001-06-01'"]


def test_times_of_changes_are_believed_within_what_was_seen(shop: Shop) -> None:
    """One record for each odd time, first with it and then with it."""
    shop.change("delete from articles")
    for number, odd in enumerate(ODD):
        shop.change(f"insert into articles values ({number}, 'a', 1, {odd}), ({100 + number}, 'a', 1, now())")
    shop.run()
    for number, odd in enumerate(ODD):
        shop.change(f"update articles set name = 'b', updated_at = {odd} where id = {100 + number}")
        shop.change(f"update articles set name = 'b', updated_at = now() where id = {number}")
    shop.run()
    everybody = [*range(len(ODD)), *range(100, 100 + len(ODD))]
    assert shop.read_current() == [(number, "b") for number in everybody]
    assert shop.ask("SELECT count(*) FROM core.articles") == [(2 * len(everybody),)]
    wrong = "valid_from > now()::TIMESTAMP OR valid_to > now()::TIMESTAMP OR valid_from >= valid_to"
    assert shop.ask(f"SELECT * FROM core.articles WHERE {wrong}") == []


def test_a_change_at_a_time_that_no_table_takes_waits_in_quarantine(shop: Shop) -> None:
    shop.run()
    shop.change("update articles set name = 'new', updated_at = 'infinity' where id = 1")
    shop.change("update articles set name = 'new', updated_at = '4000-01-01 BC' where id = 2")
    shop.run()
    assert shop.read_current() == [(1, "one"), (2, "two")]
    assert shop.ask("SELECT DISTINCT rule FROM quarantine.articles") == [("moment:updated_at",)]
    shop.change("update articles set updated_at = now()")
    shop.run()
    assert shop.read_current() == [(1, "new"), (2, "new")]


def test_versions_of_the_future_that_an_older_release_published(shop: Shop) -> None:
    shop.run()
    shop.change("update articles set name = 'new' where id = 1")
    shop.run()
    with hold_lock(load_settings()), closing(connect()) as con:
        con.execute("UPDATE core.articles SET valid_from = '2099-01-01', valid_to = '2099-01-02' WHERE name = 'one'")
        con.execute("UPDATE core.articles SET valid_from = '2099-01-02' WHERE name = 'new'")
    shop.change("update articles set name = 'newest', updated_at = now() where id = 1")
    shop.run()
    assert [row[1] for row in shop.read_history() if row[0] == 1] == ["one", "new", "newest"]
    assert shop.ask("SELECT count(*) FROM core.articles WHERE greatest(valid_from, valid_to) > now()") == [(0,)]
    assert shop.ask("SELECT count(*) FROM core.articles WHERE valid_from >= valid_to") == [(0,)]


def test_accounts_keep_their_good_versions(lake: EmptyLake) -> None:
    """A rule of expectations/users.py, an impossible time, and photos that refer to the user meanwhile."""
    with psycopg.connect(lake.accounts_url) as database:
        database.execute(SCHEMA_FILE.read_text())
        database.execute("insert into users values (1, 'ann', 'a@b.ch', 'CH', '2026-01-01Z', '2026-01-01Z')")
    run_accounts("first")
    with psycopg.connect(lake.accounts_url) as database:
        database.execute("update users set user_name = 'bad', updated_at = '2025-01-01Z'")
        database.execute("insert into photos values (5, 1, null, '/a.jpg', 9, '2026-01-02Z', '2099-01-01Z')")
    run_accounts("second")
    found = connect().execute("SELECT user_name, valid_from::VARCHAR, is_current FROM core.users").fetchall()
    assert found == [("ann", "2026-01-01 00:00:00", True)]
    asked = "SELECT photo_id FROM core.photos WHERE valid_from <= now() AND is_current"
    assert connect().execute(asked).fetchall() == [(5,)]
    reasons = connect().execute("SELECT reason FROM quarantine.users").fetchall()
    assert reasons == [("updated_at is not before created_at",)]


def run_accounts(run_id: str) -> None:
    published = run_source(begin("accounts", run_id))
    assert published is not None and published.refused == {}
