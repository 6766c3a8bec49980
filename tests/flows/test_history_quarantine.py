"""A version that is bad is not there: what was known before it holds until a good one comes. No version begins after it
was seen."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from sample.apply_accounts import SCHEMA_FILE
from tests.empty_lake import EmptyLake
from tests.flows.shop import Shop, open_shop
from tests.runs import begin
from tests.stories import Outcomes, Run, Story, find_stories
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.run import run_source
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import hold_lock

pytestmark = pytest.mark.servers


@pytest.fixture
def shop(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return open_shop(lake, monkeypatch)


def a_bad_version_does_not_end_the_good_one(shop: Shop) -> Iterator[Run]:
    own = "id < 10"
    yield shop.run
    shop.change("update articles set name = null where id = 1; update articles set name = 'new' where id = 2")
    yield shop.run
    assert shop.read_current(where=own) == [(1, "one"), (2, "new")]
    shop.change("update articles set name = null, amount = 7 where id = 1; insert into articles values (3, null, 3)")
    yield shop.run
    assert shop.read_current(where=own) == [(1, "one"), (2, "new")]
    shop.change("update articles set name = 'good', updated_at = now() where id = 1; delete from articles where id = 3")
    yield shop.run
    assert shop.read_current(where=own) == [(1, "good"), (2, "new")]
    assert list_bad(shop, range(10)) == [("not_null:name", 1), ("not_null:name", 1), ("not_null:name", 3)]
    assert all(read == sum(others) for _, read, *others in shop.sum_books())
    history = shop.read_history("* EXCLUDE raw_line", own)
    yield shop.rebuild
    assert shop.read_history("* EXCLUDE raw_line", own) == history
    assert len(list_bad(shop, range(10))) == 3


def a_record_whose_last_version_is_bad_can_be_deleted_and_return(shop: Shop) -> Iterator[Run]:
    own = "id in (11, 12)"
    shop.change("insert into articles values (11, 'one', 1), (12, 'two', 2)")
    yield shop.run
    shop.change("update articles set name = null where id = 11")
    yield shop.run
    shop.change("delete from articles where id = 11")
    yield shop.run
    assert shop.read_history(where=own) == [(11, "one", False, True), (12, "two", True, False)]
    shop.change("insert into articles values (11, null, 1)")
    yield shop.run
    assert shop.read_current(where=own) == [(12, "two")]
    shop.change("update articles set name = 'back' where id = 11")
    yield shop.run
    told = [(11, "one", False, True), (11, "back", True, False), (12, "two", True, False)]
    assert shop.read_history(where=own) == told
    yield shop.rebuild
    assert shop.read_history(where=own) == told


ODD = ["'2099-01-01'", "null", "'0001-06-01'"]


def times_of_changes_are_believed_within_what_was_seen(shop: Shop) -> Iterator[Run]:
    """One record for each odd time, first with it and then with it."""
    for number, odd in enumerate(ODD, 100):
        shop.change(f"insert into articles values ({number}, 'a', 1, {odd}), ({100 + number}, 'a', 1, now())")
    yield shop.run
    for number, odd in enumerate(ODD, 100):
        shop.change(f"update articles set name = 'b', updated_at = {odd} where id = {100 + number}")
        shop.change(f"update articles set name = 'b', updated_at = now() where id = {number}")
    yield shop.run
    everybody = [*range(100, 100 + len(ODD)), *range(200, 200 + len(ODD))]
    assert shop.read_current(where="id >= 100") == [(number, "b") for number in everybody]
    assert len(shop.read_history(where="id >= 100")) == 2 * len(everybody)
    wrong = "(valid_from > now()::TIMESTAMP OR valid_to > now()::TIMESTAMP OR valid_from >= valid_to)"
    assert shop.read_history(where=wrong) == []


def a_change_at_a_time_that_no_table_takes_waits_in_quarantine(shop: Shop) -> Iterator[Run]:
    own = "id in (21, 22)"
    shop.change("insert into articles values (21, 'one', 1), (22, 'two', 2)")
    yield shop.run
    shop.change("update articles set name = 'new', updated_at = 'infinity' where id = 21")
    shop.change("update articles set name = 'new', updated_at = '4000-01-01 BC' where id = 22")
    yield shop.run
    assert shop.read_current(where=own) == [(21, "one"), (22, "two")]
    assert list_bad(shop, range(20, 30)) == [("moment:updated_at", 21), ("moment:updated_at", 22)]
    shop.change(f"update articles set updated_at = now() where {own}")
    yield shop.run
    assert shop.read_current(where=own) == [(21, "new"), (22, "new")]


def a_value_that_does_not_fit_harms_only_its_row(shop: Shop) -> Iterator[Run]:
    own = "id in (31, 32, 33)"
    shop.change("insert into articles values (31, 'one', 6178466636), (32, 'two', 2)")
    yield shop.run
    assert not shop.is_red and shop.read_current(where=own) == [(32, "two")]
    bad = "SELECT rule, reason, row_json FROM quarantine.articles WHERE row_json ->> '$.id' = '31'"
    [(rule, reason, row)] = shop.ask(bad)
    assert (rule, reason[:28]) == ("parse", "amount is a number of 10 dig") and '"amount":6178466636' in row
    shop.change("insert into articles values (33, 'three', 3)")
    yield shop.run
    assert shop.read_current(where=own) == [(32, "two"), (33, "three")]
    shop.change("update articles set amount = 7 where id = 31")
    yield shop.run
    told = [(31, "one", 7), (32, "two", 2), (33, "three", 3)]
    assert shop.read_current("id, name, amount", own) == told
    shop.change("update articles set amount = -6178466636 where id = 32; delete from articles where id = 33")
    yield shop.run
    assert shop.read_current("id, name, amount", own) == told[:2]
    history = shop.read_history("* EXCLUDE raw_line", own)
    yield shop.rebuild
    assert shop.read_history("* EXCLUDE raw_line", own) == history


def list_bad(shop: Shop, ids: range) -> list[tuple[str, int]]:
    """Rule and id of rows in quarantine."""
    bad = "SELECT rule, (row_json ->> '$.id')::INT AS id FROM quarantine.articles"
    return [row for row in shop.ask(f"{bad} ORDER BY id") if row[1] in ids]


STORIES = find_stories(globals())


@pytest.fixture(scope="module")
def outcomes(module_lake: EmptyLake) -> Outcomes:
    """Each story has records of its own in one database."""
    with pytest.MonkeyPatch.context() as patch:
        return Outcomes(STORIES, open_shop(module_lake, patch))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_was_known_holds(outcomes: Outcomes, story: Story) -> None:
    outcomes.verify(story)


def test_several_bad_versions_in_one_run(shop: Shop) -> None:
    """Bad, the same again, good as before, bad otherwise, all folded at once; a rebuild is just that."""
    shop.run()
    for number, name in enumerate(("null", "null", "'one'", "null")):
        shop.change(f"update articles set name = {name}, amount = {number // 2} where id = 1")
        take_arrivals(begin("shop", f"died.{number}"))
    shop.run()
    assert shop.read_history("id, name, amount, is_current") == [(1, "one", 1, True), (2, "two", 2, True)]
    assert shop.sum_books()[1] == ("shop.2", 5, 0, 2, 3)  # the run itself brings the last one again


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
