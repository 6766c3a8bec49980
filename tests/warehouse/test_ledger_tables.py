"""A lake that an earlier version made gets the ledger's new columns, and what it recorded goes on being known."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask
from tests.flows.logs import land, make_log
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.cache import Mirror
from watershed.warehouse.ledger.tables import declare_ledger
from watershed.warehouse.publish import prepare, transact
from watershed.warehouse.schema.ddl import is_prepared, prepare_lake, read_digests
from watershed.warehouse.schema.statistics import list_statistics_sql


def test_declared_columns_are_read_from_the_file() -> None:
    books = declare_ledger()["ledger.books"]
    assert (books["rows_read"], books["arrived_at"], books["origin"]) == ("BIGINT", "TIMESTAMP", "VARCHAR")
    assert all("snapshot_id" in columns for columns in declare_ledger().values())


@pytest.mark.servers
def test_least_and_greatest_are_those_of_rows(lake: EmptyLake, tmp_path: Path) -> None:
    """DuckLake answers them from statistics, which must know of no row that was never there."""
    land(tmp_path, make_log(3))
    main("access_logs", "first")
    con = connect()
    for address in declare_ledger():
        alone = con.execute(f"SELECT min(snapshot_id) FROM {address}").fetchone()
        counted = con.execute(f"SELECT min(snapshot_id + 0), max(snapshot_id + 0), count(*) FROM {address}").fetchall()
        assert counted == [(*alone, *con.execute(f"SELECT max(snapshot_id), count(*) FROM {address}").fetchone())]
    assert list_statistics_sql(con, read_digests(con)) == []


@pytest.mark.servers
def test_a_row_for_statistics_never_stays(lake: EmptyLake) -> None:
    """Though a process was killed between its coming and its going."""
    con = connect()
    assert is_prepared(con, [])
    con.execute("DROP TABLE ledger.objects")
    with transact(con):
        prepare_lake(con)
    come, _ = list_statistics_sql(con, read_digests(con))
    with transact(con):
        con.execute(come)
    assert con.execute("SELECT count(*) FROM ledger.objects").fetchone() == (1,)
    assert not is_prepared(con, [])
    prepare(load_settings())
    assert con.execute("SELECT count(*), min(snapshot_id) FROM ledger.objects").fetchone() == (0, None)
    assert con.execute("SELECT min(snapshot_id) FROM ledger.objects").fetchone() == (None,)
    assert is_prepared(con, [])


@pytest.mark.servers
def test_lake_of_an_earlier_version(lake: EmptyLake, tmp_path: Path) -> None:
    land(tmp_path, make_log(30))
    main("access_logs", "noon")
    con, mirror = connect(), Mirror()
    con.execute("ALTER TABLE ledger.books DROP COLUMN origin; DROP TABLE ledger.objects")
    mirror.refresh()
    assert not is_prepared(con, [])
    midnight = land(tmp_path, make_log(40))
    main("access_logs", "midnight")
    assert ask("SELECT count(*), any_value(raw_object) FROM core.requests") == [(40, midnight)]
    assert is_prepared(connect(), [])
    prepare(load_settings())
    mirror.refresh()
    with mirror.open() as copy:
        assert copy.execute("SELECT count(*), count(origin) FROM books").fetchall() == [(3, 0)]
    mirror.stop()
