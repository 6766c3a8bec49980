"""What cannot become a version is kept apart, alone, and never stands in the way of the next run."""

from dataclasses import replace

import pytest

from tests.empty_lake import EmptyLake
from tests.flows.shop import SHOP, Shop, open_shop
from tests.sources.application import SQL_ASCII, open_application
from watershed.flows.ingest.extract_database import extract_database
from watershed.flows.published import Published
from watershed.lake.store import open_store

pytestmark = pytest.mark.servers


@pytest.fixture
def shop(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return open_shop(lake, monkeypatch)


def test_text_that_is_not_utf8_harms_only_its_row(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_application(lake, SQL_ASCII) as own:
        shop = open_shop(replace(lake, accounts_url=own.url), monkeypatch)
        own.execute("update articles set name = convert_from('\\x436166e9', 'SQL_ASCII') where id = 1")
        own.execute("update articles set name = 'Café' where id = 2")
        shop.run()
        assert not shop.is_red and shop.read_current() == [(2, "Café")]
        [(reason, row)] = shop.ask("SELECT reason, row_json FROM quarantine.articles")
        assert reason == "name is text that is not UTF-8 where the contract has a value of type string"
        assert "Caf\\\\xE9" in row
        own.execute("update articles set name = 'mended' where id = 1; insert into articles values (3, 'three', 3)")
        shop.run()
        assert shop.read_current() == [(1, "mended"), (2, "Café"), (3, "three")]
        history = shop.read_history("* EXCLUDE raw_line")
        shop.rebuild()
        assert shop.read_history("* EXCLUDE raw_line") == history


def test_an_extraction_that_lost_a_file_is_refused_and_superseded(shop: Shop) -> None:
    shop.run()
    lose_rows(shop, "update articles set name = 'lost' where id = 1")
    [why] = shop.told.refused.values()
    assert "cannot be folded into core.articles: raw-parts/shop/" in why and "is not in the bucket" in why
    assert shop.read_current() == [(1, "one"), (2, "two")]
    shop.run()
    assert not shop.is_red and shop.read_current() == [(1, "lost"), (2, "two")]
    [(kind, reason, by)] = shop.ask("SELECT kind, reason, decided_by FROM ledger.decisions")
    assert (kind, reason[:13], by) == ("leave", "superseded by", "watershed")
    assert shop.run() == Published(None) == shop.run(refused=True)
    shop.rebuild()
    assert not shop.is_red and [row[1] for row in shop.read_history()] == ["one", "lost", "two"]


def test_what_was_refused_can_be_tried_again(shop: Shop) -> None:
    shop.run()
    changes = "update articles set name = 'lost' where id = 1; insert into articles values (3, 'three', 3)"
    open_store().write_bytes(*lose_rows(shop, changes))
    shop.run(refused=True)
    assert not shop.is_red and shop.read_current() == [(1, "lost"), (2, "two"), (3, "three")]
    shop.change("insert into articles values (4, 'four', 4)")
    shop.run()
    assert shop.read_extractions()[-1].tables[0].row_count == 1
    assert len(shop.read_current()) == 4


def test_a_rebuild_that_cannot_fold_all_changes_nothing(shop: Shop) -> None:
    shop.run()
    shop.change("update articles set name = 'new' where id = 1")
    shop.run()
    before = shop.read_history("*")
    open_store().remove_all(shop.read_extractions()[0].tables[0].rows)
    shop.rebuild()
    assert len(shop.told.refused) == 2 and shop.read_history("*") == before
    shop.change("insert into articles values (3, 'three', 3)")
    shop.run()
    assert not shop.is_red and shop.read_current() == [(1, "new"), (2, "two"), (3, "three")]


def lose_rows(shop: Shop, statements: str) -> tuple[str, bytes]:
    """Change the database, and have a run that finds the extracted rows gone. Returns their file."""
    store = open_store()
    shop.change(statements)
    extract_database(SHOP, store)
    key = shop.read_extractions()[-1].tables[0].rows
    content = store.read_bytes(key)
    store.remove_all(key)
    shop.run(is_extracted=True)
    return key, content
