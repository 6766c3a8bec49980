"""The mirror of the ledger says what the lake says, grows by what is new, and stays when the catalogue is away."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.test_marts import write_log
from watershed.flows.ingest.land import land_file
from watershed.flows.marts import build_stale_marts
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger import cache as mirror
from watershed.warehouse.ledger.cache import Mirror, once_a_snapshot
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.staleness import find_stale_days, list_stale_days

pytestmark = pytest.mark.servers


def test_the_mirror_follows_the_ledger(lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Mirror()
    monkeypatch.setattr(mirror, "MIRROR", own)
    counted = once_a_snapshot(lambda table: own.ask("SELECT count(*) AS n FROM books WHERE table_name = ?", [table]))
    assert own.ask("SELECT * FROM publishes") == [] and counted("core.requests") == [{"n": 0}]

    land_file("access_logs", write_log(tmp_path, 1, ["/a", "/b"]))
    main("access_logs", "first")
    build_stale_marts("marts")
    own.refresh()
    assert counted("core.requests") == [{"n": 1}]
    found = own.ask("SELECT table_name, rows_written, checks = checks_passed AS is_good FROM changes ORDER BY 1")
    written = {"core.requests": 2, "mart.top_pages": 2, "mart.traffic_hourly": 2}
    assert written.items() <= {row["table_name"]: row["rows_written"] for row in found}.items()
    assert all(row["is_good"] for row in found)

    land_file("access_logs", write_log(tmp_path, 2, ["/c"]))
    main("access_logs", "second")
    own.refresh()
    with connect(read_only=True) as con:
        for table in ("books", "days", "publishes", "checks"):
            ((rows,),) = con.execute(f"SELECT count(*) FROM ledger.{table}").fetchall()
            assert own.ask(f"SELECT count(*) AS n FROM {table}") == [{"n": rows}]
        one_by_one = {m.address: days for m in list_marts() if (days := find_stale_days(con, m))}
    assert "mart.top_pages" in one_by_one
    with own.open() as copy:
        assert list_stale_days(copy, list_marts()) == one_by_one

    lake_url = "postgresql://nobody:nothing@127.0.0.1:1/none"
    monkeypatch.setenv("WATERSHED_CATALOG_URL", lake_url)
    assert own.ask("SELECT count(*) AS n FROM books") == [{"n": 2}]
