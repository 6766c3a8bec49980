"""The views of the ledger: every lake has them, and they say how things stand now."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, write_log
from watershed.flows.ingest.land import land_file
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.cache import Mirror
from watershed.warehouse.ledger.tables import declare_ledger, declare_ledger_views, mimic_ledger
from watershed.warehouse.publish import prepare
from watershed.warehouse.schema.ddl import is_prepared


def test_views_name_their_columns_and_read_what_is_declared() -> None:
    mirror = Mirror()
    for address in (*declare_ledger(), *declare_ledger_views()):
        assert mirror.copy.execute(f"SELECT count(*) FROM {address}").fetchone() == (0,)
    assert {"ledger.open_refusals", "ledger.latest_books"} <= declare_ledger_views().keys()
    with pytest.raises(Exception, match="already exists"):
        mimic_ledger(mirror.copy)


@pytest.mark.servers
def test_an_older_lake_gets_them_and_counts_what_had_left(lake: EmptyLake, tmp_path: Path) -> None:
    land_file("access_logs", write_log(tmp_path / "first", 1, bad=4))
    main("access_logs", "one")
    con = connect()
    for address in reversed(declare_ledger_views()):
        con.execute(f"DROP VIEW {address}")
    con.execute("DROP TABLE ledger.departures; DROP TABLE ledger.row_changes")
    con.execute("COMMENT ON TABLE ledger.publishes IS NULL")  # of version 0
    con.execute("DELETE FROM ledger.definitions WHERE starts_with(name, 'ledger.')")
    con.execute("DELETE FROM quarantine.requests WHERE raw_line > 5")  # somebody had dropped two
    assert not is_prepared(con, [])
    prepare(load_settings())
    assert is_prepared(connect(), [])
    assert ask("SELECT rows_read, rows_quarantined, rows_filtered FROM ledger.latest_books") == [(7, 2, 2)]
    main("access_logs", "nothing new")
    prepare(load_settings())
    assert ask("SELECT count(*) FROM ledger.departures") == [(1,)]
