"""Extractions are folded in the order in which they were taken, whatever the database's clock says."""

import json

import pytest

from tests.empty_lake import EmptyLake
from tests.flows.shop import Shop, open_shop
from tests.runs import begin
from watershed.lake.store import open_store
from watershed.settings import load_settings
from watershed.sources.postgres import session as postgres_session
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import hold_lock

pytestmark = pytest.mark.servers

CLOCK = "pg_catalog.clock_timestamp()"


@pytest.fixture
def shop(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return open_shop(lake, monkeypatch)


def test_a_clock_that_goes_back_loses_nothing(shop: Shop) -> None:
    shop.run()
    with shop.patch.context() as patch:
        patch.setattr(shop, "patch", patch)
        shop.pretend(CLOCK, f"({CLOCK} - interval '1 hour')")
        early = "now() - interval '1 hour'"
        shop.change(f"update articles set name = 'new', updated_at = {early} where id = 2")
        shop.change(f"insert into articles values (3, 'three', 3, {early})")
        shop.run()
    assert shop.is_red and "its clock went back from" in shop.told.returned[0]
    assert shop.ask("SELECT rule, subject, state FROM ledger.alerts") == [("database_returned", "shop", "firing")]
    assert shop.read_current() == [(1, "one"), (2, "new"), (3, "three")]
    shop.change("insert into articles values (4, 'four', 4)")
    shop.run()
    assert not shop.is_red
    assert shop.read_current() == [(1, "one"), (2, "new"), (3, "three"), (4, "four")]
    assert shop.ask("SELECT count(*) FROM core.articles WHERE valid_from >= valid_to") == [(0,)]
    history = shop.read_history("* EXCLUDE raw_line")
    shop.rebuild()
    assert not shop.is_red and shop.read_history("* EXCLUDE raw_line") == history


@pytest.mark.parametrize("is_restored", [False, True], ids=["another-system", "restored"])
def test_a_database_that_was_replaced_is_taken_whole(shop: Shop, is_restored: bool) -> None:
    """Numbers of transactions are given again after it: an equal version of a row may be another row."""
    shop.run()
    shop.change("update articles set name = 'new' where id = 1; delete from articles where id = 2")
    if is_restored:
        shop.pretend("pg_catalog.pg_current_wal_lsn()", "'0/10'")
    else:
        shop.patch.setattr(postgres_session, "SERVER", "SELECT '17' AS system, 1 AS last_timeline, NULL AS timeline")
    shop.run()
    what = "its log went back from" if is_restored else "and is 17"
    assert shop.is_red and what in shop.told.returned[0] and not shop.told.refused
    assert shop.read_history() == [(1, "one", False, False), (1, "new", True, False), (2, "two", False, True)]
    assert [(one.builds_on, one.tables[0].is_snapshot) for one in shop.read_extractions()] == [(None, True)] * 2
    shop.change("insert into articles values (3, 'three', 3)")
    shop.run()
    assert not shop.is_red and shop.read_extractions()[-1].tables[0].row_count == 1


def test_a_failover_is_taken_whole_and_is_no_fault(shop: Shop) -> None:
    shop.run()
    shop.change("update articles set name = 'new' where id = 1")
    server = "SELECT system_identifier::text AS system, 7 AS last_timeline, NULL AS timeline FROM pg_control_system()"
    shop.patch.setattr(postgres_session, "SERVER", server)
    shop.run()
    assert not shop.is_red and shop.read_extractions()[-1].tables[0].is_snapshot
    assert shop.read_current() == [(1, "new"), (2, "two")]


def test_a_clock_far_ahead_dates_nothing_in_the_future(shop: Shop) -> None:
    with shop.patch.context() as patch:
        patch.setattr(shop, "patch", patch)
        shop.pretend(CLOCK, f"({CLOCK} + interval '50 years')")
        shop.change("update articles set updated_at = null where id = 1")
        shop.run()
    shop.change("delete from articles where id = 2")
    shop.run()
    assert shop.ask("SELECT count(*) FROM core.articles WHERE greatest(valid_from, valid_to) > now()") == [(0,)]


def test_extractions_from_before_there_was_an_order(shop: Shop) -> None:
    """As a version without numbers has left them: what a manifest builds on tells, and not the clock."""
    shop.run()
    shop.change("update articles set name = 'new' where id = 1")
    shop.run()
    store = open_store()
    for key, hour in zip(shop.ask("SELECT raw_object FROM ledger.extractions ORDER BY number"), (12, 11), strict=True):
        about = store.read_json(key[0]) | {"cut_at": f"2026-03-01T{hour}:00:00"}
        old = {name: about[name] for name in ("source", "cut_at", "lsn", "snapshot", "builds_on", "tables")}
        store.write_bytes(key[0], json.dumps(old).encode())
    with hold_lock(load_settings()):
        connect().execute("DELETE FROM ledger.extractions")
    shop.change("update articles set name = 'newest' where id = 1")
    shop.run()
    assert not shop.is_red and shop.read_current() == [(1, "newest"), (2, "two")]
    assert shop.ask("SELECT number FROM ledger.extractions") == [(3,)]
    shop.rebuild()
    assert [row[1] for row in shop.read_history() if row[0] == 1] == ["one", "new", "newest"]


def test_what_a_crash_left_behind_comes_first(shop: Shop) -> None:
    """A run dies between landing and publishing: the next one folds both extractions, in their order."""
    from watershed.flows.ingest.land import take_arrivals

    shop.run()
    shop.change("update articles set name = 'between' where id = 1")
    take_arrivals(begin("shop", "died"))
    shop.change("update articles set name = 'after' where id = 1")
    shop.run()
    assert [row[1] for row in shop.read_history() if row[0] == 1] == ["one", "between", "after"]
    assert shop.ask("SELECT count(*), count(DISTINCT number) FROM ledger.extractions") == [(3, 3)]
