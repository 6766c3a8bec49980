"""A table is dropped by decision: it is made anew, filled from raw, and its rows can be taken back."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sample.apply_accounts import SCHEMA_FILE
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import decide, follow, publish_taken, write_log
from tests.runs import begin
from tests.warehouse.workshop import Workshop, ask, list_columns, open_workshop
from watershed.flows.decisions.drop_table import check_drop
from watershed.flows.ingest.land import land_file, take_arrivals
from watershed.flows.marts import build_stale_marts
from watershed.settings import load_settings, source_url
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import prepare
from watershed.warehouse.schema.conformity import RETIRED, compare_tables

pytestmark = pytest.mark.servers

PRICE, COLOUR = '"price", pa.int32()', '"colour", pa.string()'


@pytest.fixture
def workshop(lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    opened = open_workshop(tmp_path, monkeypatch)
    yield opened
    opened.close()


def test_a_dropped_table_is_made_anew_filled_from_raw_and_taken_back(workshop: Workshop) -> None:
    workshop.declare('"price", pa.int64()', COLOUR)
    workshop.send("price=6178466636|colour=red", "price=5")
    workshop.declare(PRICE, COLOUR)
    assert check_drop("gadgets") == "core.gadgets"
    done = follow(decide("drop_table", "core.gadgets", {}, "prices are small"), "drop").change
    assert done.rows == 1
    assert list_columns()["price"] == "INTEGER!"
    assert ask("SELECT count(*) FROM core.gadgets") == ask("SELECT count(*) FROM quarantine.gadgets") == [(0,)]
    books = "SELECT rows_written, rows_quarantined, rows_filtered FROM ledger.books ORDER BY snapshot_id"
    assert ask(books) == [(1, 1, 0), (0, 0, 2)]
    assert workshop.send("price=7|colour=blue").refused == {}
    done_because = "SELECT decided_by, reason, row_count FROM ledger.decisions JOIN ledger.outcomes USING (decision_id)"
    assert ask(done_because) == [("anna", "prices are small", 1)]
    with pytest.raises(ValueError, match="whose types it does not hold today"):
        follow(decide("rollback", "core.gadgets", {"version": done.snapshot - 1}), "too-early")
    follow(decide("drop_table", "core.gadgets", {}, "they are not"), "drop-again")
    workshop.declare('"price", pa.int64()', COLOUR)
    follow(decide("drop_table", "core.gadgets", {}, "as before"), "drop-for-type")
    follow(decide("rollback", "core.gadgets", {"version": done.snapshot - 1}), "back")
    assert ask("SELECT price, colour FROM core.gadgets") == [(6178466636, "red")]
    assert ask("SELECT count(*) FROM quarantine.gadgets") == [(1,)]


def test_a_table_without_contract_is_listed_and_dropped(workshop: Workshop) -> None:
    workshop.declare(PRICE, COLOUR)
    workshop.send("price=1|colour=red")
    workshop.declare(PRICE)
    prepare(load_settings())
    assert compare_tables(connect())["core.gadgets"] == "retired columns: colour"
    workshop.remove()
    assert compare_tables(connect())["core.gadgets"] == RETIRED
    follow(decide("drop_table", check_drop("core.gadgets"), {}), "drop")
    assert not {"core.gadgets", "quarantine.gadgets"} & compare_tables(connect()).keys()
    with pytest.raises(LookupError, match=r"there is no table 'core\.gadgets'"):
        check_drop("core.gadgets")


def test_a_dropped_mart_is_built_again(workshop: Workshop, tmp_path: Path) -> None:
    land_file("access_logs", write_log(tmp_path / "pages", 1))
    take_arrivals(begin("access_logs", "pages"))
    publish_taken("access_logs", "pages")
    build_stale_marts("marts-1")
    assert build_stale_marts("marts-2") == {}
    pages = ask("FROM mart.top_pages ORDER BY ALL")
    follow(decide("drop_table", "mart.top_pages", {}), "drop")
    assert ask("FROM mart.top_pages") == []
    assert build_stale_marts("marts-3") == {"top_pages": ["2026-11-01"]}
    assert ask("FROM mart.top_pages ORDER BY ALL") == pages


def test_a_dropped_history_is_folded_from_all_extractions(workshop: Workshop) -> None:
    with psycopg.connect(source_url("accounts"), autocommit=True) as accounts:
        accounts.execute(SCHEMA_FILE.read_text())
        accounts.execute("INSERT INTO users VALUES (1, 'anna', NULL, 'NO', now(), now())")
        main("accounts", "one")
        accounts.execute("INSERT INTO users VALUES (2, 'ben', NULL, 'SE', now(), now())")
        main("accounts", "two")
        before = ask("FROM core.users ORDER BY ALL")
        follow(decide("drop_table", "core.users", {}), "drop")
        assert ask("FROM core.users") == []
        main("accounts", "three")
    assert ask("FROM core.users ORDER BY ALL") == before
