"""The pages of tables, their days and their versions, over a lake with real publishes."""

import re
from datetime import date
from pathlib import Path

import pytest

from cockpit.catalogue import list_snapshots, read_sizes
from cockpit.guards import Rights
from cockpit.partitions import list_partitions
from steps.land import land_file
from steps.marts import build_mart, build_stale_marts
from tests.cockpit.conftest import Browse
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.steps.test_marts import write_log
from warehouse.connection import connect
from warehouse.mirror import MIRROR

pytestmark = pytest.mark.servers

DAYS = {1: ["/a", "/b"], 2: ["/a"], 4: ["/c", "/c", "/d"]}  # nothing of the third ever came


@pytest.fixture(scope="module")
def published(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> EmptyLake:
    """Tests that publish more come last."""
    folder = tmp_path_factory.mktemp("logs")
    for day, paths in DAYS.items():
        land_file("access_logs", write_log(folder, day, paths))
    main("access_logs", "ingest_access_logs.first")
    build_stale_marts("build_marts.first")
    return module_lake


def read_text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_pages_of_an_empty_lake_say_that_it_is_empty(lake: EmptyLake, browse: Browse) -> None:
    client = browse()
    assert "never" in client.get("tables").text and "○ empty" in client.get("tables").text
    assert "No day of this table has rows yet" in client.get("tables/core.requests").text
    assert "Nothing was published here yet" in client.get("tables/core.films/partitions/all").text
    assert client.get("snapshots").status_code == 200
    assert "There is no table" in client.get("tables/core.nothings").text


def test_a_missing_day_is_found_from_the_first_page(published: EmptyLake, browse: Browse) -> None:
    client = browse()
    assert "1 day missing" in client.get("attention").text
    assert 'href="/watershed/tables/core.requests"' in client.get("tables").text
    table = client.get("tables/core.requests").text
    assert "2026-11-03: missing" in table and "2026-11-04: fresh, 3 rows" in table
    day = client.get("tables/core.requests/partitions/2026-11-03").text
    assert "watershed land access_logs FILE" in day and "Take what has arrived (ingest_access_logs)" in day
    assert client.get("tables/core.requests/partitions/2026-12-24").status_code == 404


def test_a_day_shows_its_books_and_what_it_is_made_of(published: EmptyLake, browse: Browse) -> None:
    client = browse(Rights())
    day = client.get("tables/core.requests/partitions/2026-11-04").text
    assert "access-2026-11-04.log" in day and "✓ balances" in day and "data-trigger-dag" not in day
    mart = browse().get("tables/mart.top_pages/partitions/2026-11-04").text
    assert "✓ same" in mart and 'data-trigger-dag="build_marts"' in mart and 'data-trigger-key="2026-11-04"' in mart


def test_search_sorts_and_says_when_nothing_fits(published: EmptyLake, browse: Browse) -> None:
    client = browse()
    fragment = client.get("tables", params={"q": "http access", "schema": "core"}, headers={"HX-Request": "true"}).text
    assert "core.requests" in fragment and "<html" not in fragment and "core.users" not in fragment
    assert "No table fits" in client.get("tables", params={"q": "zebra"}).text
    rows = client.get("tables", params={"sort": "rows", "order": "down"}).text
    assert rows.index(">core.requests<") < rows.index(">core.users<")


def test_sizes_are_those_of_the_rows(published: EmptyLake, browse: Browse) -> None:
    sizes = read_sizes()
    with connect(read_only=True) as con:
        for address in ("core.requests", "mart.top_pages", "ledger.books", "ledger.days"):
            assert con.execute(f"SELECT count(*) FROM {address}").fetchone() == (sizes[address].rows,)


def test_snapshots_tell_what_publishes_did(published: EmptyLake, browse: Browse, tmp_path: Path) -> None:
    client = browse()
    text = read_text(client.get("snapshots").text)
    assert "core.requests +6" in text and "mart.top_pages +2" in text
    only = read_text(client.get("snapshots", params={"table": "core.requests"}).text)
    assert "core.requests +6" in only and "mart.top_pages +" not in only
    newest = list_snapshots(10**9, 1)[0]["snapshot_id"]
    assert f"newest is {newest}" in text


def test_tabs_of_airflow_show_a_dags_tables_and_a_runs_books(published: EmptyLake, browse: Browse) -> None:
    client = browse()
    assert "core.requests" in client.get("dags/ingest_access_logs").text
    run = client.get("dags/ingest_access_logs/runs/first").text
    assert "access-2026-11-04.log" in run and "core.requests" in run
    assert "Nothing (yet)" in client.get("dags/ingest_access_logs/runs/manual__2026-11-22T10:00:00+00:00").text


def test_versions_differ_by_rows_added_removed_and_changed(
    published: EmptyLake, browse: Browse, tmp_path: Path
) -> None:
    before = list_snapshots(10**9, 1)[0]["snapshot_id"]
    late = tmp_path / "late"
    late.mkdir()
    land_file("access_logs", write_log(late, 2, ["/late", "/a"]))
    main("access_logs", "ingest_access_logs.second")
    build_stale_marts("build_marts.second")
    asked = {"table": "mart.top_pages", "from": before}
    page = browse().get("snapshots/compare", params=asked).text
    assert "+1 rows added −0 rows removed 1 rows changed" in read_text(page)
    of_table = {"table": "core.requests", "from": before}
    requests = browse().get("snapshots/compare", params=of_table).text
    assert "•••" in requests and "10.0.0.1" not in requests
    assert "Roll core.requests back" in requests
    assert "Roll core.requests back" not in browse(Rights(act=True)).get("snapshots/compare", params=of_table).text
    assert "the same at both" in browse().get("snapshots/compare", params=asked | {"to": before}).text
    gone = browse().get("snapshots/compare", params=asked | {"to": 10**6})
    assert gone.status_code == 404 and "not in the lake" in gone.text


def test_a_mart_is_stale_once_its_input_changed_and_fresh_when_rebuilt(
    published: EmptyLake, browse: Browse, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    late.mkdir()
    land_file("access_logs", write_log(late, 2, ["/late", "/later"]))
    main("access_logs", "ingest_access_logs.third")
    client = browse()
    assert list_partitions("mart.top_pages")[date(2026, 11, 2)].state == "stale"
    assert "↻ newer" in client.get("tables/mart.top_pages/partitions/2026-11-02").text
    assert "stale" in read_text(client.get("tables", params={"q": "top_pages"}).text)
    build_mart("top_pages", "build_marts.third", date(2026, 11, 2))
    MIRROR.refresh()
    assert list_partitions("mart.top_pages")[date(2026, 11, 2)].state == "fresh"
