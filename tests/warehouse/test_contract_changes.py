"""A contract changes, and its table follows: through publishes, rebuilds and runs that were under way meanwhile."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.flows.decisions import publish_taken
from tests.runs import begin
from tests.warehouse.workshop import Workshop, ask, list_columns, open_workshop
from watershed.declarations import find_table
from watershed.flows.ingest.check import check_table
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.flows.ingest.stage import stage_source
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.publish import prepare
from watershed.warehouse.schema.ddl import is_prepared
from watershed.warehouse.schema.evolution import ContractBroken

pytestmark = pytest.mark.servers

COLOUR, COLOR = '"colour", pa.string()', '"color", pa.string(), renamed_from=("colour",)'
PRICE = '"price", pa.int32()'


@pytest.fixture
def workshop(lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    opened = open_workshop(tmp_path, monkeypatch)
    yield opened
    opened.close()


def rebuild() -> None:
    take_arrivals(begin("gadget_logs", "rebuild"), date(2000, 1, 1), utc_now().date())
    publish_taken("gadget_logs", "rebuild")


def test_a_column_is_renamed_and_another_retired(workshop: Workshop) -> None:
    workshop.declare(COLOUR, PRICE)
    workshop.send("colour=red|price=5")
    workshop.declare(COLOR)
    assert workshop.send("color=blue").refused == {}
    assert list_columns()["color"] == "VARCHAR!"
    assert list_columns()["price"] == "INTEGER"
    assert ask("SELECT color, price FROM core.gadgets ORDER BY color") == [("blue", None), ("red", 5)]
    assert ask("SELECT count(*) FROM core.gadgets WHERE price = 5") == [(1,)]
    assert ask("SELECT count(*) FROM core.gadgets WHERE price IS NULL") == [(1,)]
    assert ask("SELECT color FROM core.gadgets WHERE color = 'red'") == [("red",)]
    rebuild()
    assert ask("SELECT color, price FROM core.gadgets ORDER BY color") == [("blue", None), ("red", None)]
    assert ask("SELECT commit_message FROM ducklake_snapshots('lake') WHERE commit_message LIKE 'follow%'") == [
        ("follow the contracts: core.gadgets: colour is now color; core.gadgets: price is retired",)
    ]


def test_a_first_run_that_failed_does_not_hold_a_table_up(workshop: Workshop) -> None:
    """The guide declares a column after the first run: so may somebody take one away again."""
    workshop.declare(PRICE, '"speed", pa.int32()')
    workshop.land("price=1|speed=2|label=b")
    take_arrivals(begin("gadget_logs", "dies"))
    stage_source(begin("gadget_logs", "dies"))
    workshop.declare('"label", pa.string()')
    assert workshop.send("label=a").refused == {}
    assert ask("SELECT label, price, speed FROM core.gadgets ORDER BY label") == [("a", None, None), ("b", None, None)]


def test_a_run_that_was_under_way_is_made_to_fit(workshop: Workshop) -> None:
    workshop.declare(COLOUR, PRICE, '"kept", pa.string()')
    workshop.send("colour=red|price=5|kept=a")
    for run_id, checked in (("staged", False), ("checked", True)):
        workshop.declare(COLOUR, PRICE, '"kept", pa.string()')
        workshop.land(f"colour={run_id}|price=6|kept=b")
        take_arrivals(begin("gadget_logs", run_id))
        stage_source(begin("gadget_logs", run_id))
        if checked:
            check_table(begin("gadget_logs", run_id), find_table("gadgets"))
    workshop.declare(COLOR, '"price", pa.float64()', '"note", pa.string(), nullable=True')
    prepare(load_settings())
    check_table(begin("gadget_logs", "staged"), find_table("gadgets"))
    for run_id in ("staged", "checked"):
        assert publish_source(begin("gadget_logs", run_id)).refused == {}
        snapshots = ask("SELECT max(snapshot_id) FROM ledger.publishes")
        assert publish_source(begin("gadget_logs", run_id)).snapshot == snapshots[0][0]  # repeated
    assert ask("SELECT color, price, note, kept FROM core.gadgets ORDER BY price, color") == [
        ("red", 5.0, None, "a"),
        ("checked", 6.0, None, "b"),
        ("staged", 6.0, None, "b"),
    ]


def test_nulls_are_allowed_and_kept_out_again(workshop: Workshop) -> None:
    label = '"label", pa.string()'
    workshop.declare(PRICE, label)
    workshop.send("price=1|label=a")
    workshop.declare(PRICE, f"{label}, nullable=True")
    workshop.send("price=2")
    assert list_columns()["label"] == "VARCHAR"
    workshop.declare(PRICE, label)
    assert workshop.send("price=3", "price=4|label=b").tables["gadgets"].quarantined == 1
    assert ask("SELECT price, label FROM core.gadgets ORDER BY price") == [(1, "a"), (2, None), (4, "b")]
    assert ask("SELECT price FROM core.gadgets WHERE label IS NULL") == [(2,)]


def test_a_change_that_cannot_be_blocks_its_table_alone(workshop: Workshop) -> None:
    workshop.declare('"price", pa.int64()')
    workshop.send("price=6178466636")
    workshop.declare(PRICE)
    with pytest.raises(ContractBroken, match=r"core\.gadgets\.price is BIGINT .*watershed tables drop core\.gadgets"):
        workshop.send("price=1")
    assert is_prepared(connect(), ["core.requests"])
    with pytest.raises(ContractBroken, match="price is BIGINT"):
        prepare(load_settings())
    prepare(load_settings(), ["core.requests"])
    workshop.declare('"price", pa.int64()')
    take_arrivals(begin("gadget_logs", "again"))
    publish_taken("gadget_logs", "again")
    assert ask("SELECT price FROM core.gadgets ORDER BY price") == [(1,), (6178466636,)]


def test_a_removed_contract_leaves_its_table_readable(workshop: Workshop) -> None:
    workshop.declare(PRICE)
    workshop.send("price=1")
    workshop.remove()
    prepare(load_settings())
    assert ask("SELECT price FROM core.gadgets") == [(1,)]
