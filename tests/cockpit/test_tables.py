"""The pages of tables, their days and their versions, over a lake with real publishes."""

import json
import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.cockpit.conftest import Browse
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.test_marts import write_log
from watershed.cockpit.guards import Rights
from watershed.cockpit.questions.catalogue import read_sizes
from watershed.cockpit.questions.partitions import list_partitions
from watershed.cockpit.questions.versions import Sought, list_snapshots, read_ends
from watershed.flows.ingest.land import land_file
from watershed.flows.marts import build_mart, build_stale_marts
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.cache import MIRROR

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
    return " ".join(re.sub(r"<[^>]+>", " ", html.replace("<wbr>", "")).split())


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


def test_tables_have_owners_and_tags(published: EmptyLake, browse: Browse) -> None:
    client = browse()
    table = client.get("tables/core.requests").text
    assert 'href="mailto:web-platform@' in table and 'href="https://oncall.' in table
    assert 'href="/watershed/tables?tag=web"' in table
    listed = client.get("tables", params={"tag": "web", "sort": "rows"}).text
    assert "tables/core.requests" in listed and "tables/core.users" not in listed and "tag=web&amp;sort=owner" in listed
    by_column = read_text(client.get("tables?tag=device-clock").text)
    assert "1 table" in by_column and "core.photo_events" in by_column
    assert "No table fits" in client.get("tables?tag=nothing").text
    assert "#device-clock" in client.get("find", params={"q": "#device-clock"}).text


def test_a_day_shows_its_books_and_what_it_is_made_of(published: EmptyLake, browse: Browse) -> None:
    client = browse(Rights())
    day = client.get("tables/core.requests/partitions/2026-11-04").text
    assert "access-2026-11-04.log" in day and "✓ balances" in day and "data-trigger-dag" not in day
    mart = browse().get("tables/mart.top_pages/partitions/2026-11-04").text
    assert "✓ same" in mart and 'data-trigger-dag="build_marts"' in mart and 'data-trigger-key="2026-11-04"' in mart


def test_what_is_in_a_table_is_told_and_personal_values_are_not(published: EmptyLake, browse: Browse) -> None:
    client = browse(Rights())
    profile = client.get("tables/core.requests/profile").text
    told = read_text(profile)
    assert "Over 6 rows" in told and "client_host varchar 0 % 1 masked: the column is personal" in told
    assert "10.0.0.1" not in profile and "path varchar 0 % 4 /a /d" in told and "/a 33.3 %" in told
    assert "requested_at timestamp 0 %" in told and "Rows from 2026-11-01" in profile
    assert "has no rows yet" in client.get("tables/core.users/profile").text
    preview = client.get("tables/core.requests/preview").text
    assert "6 rows" in preview and "10.0.0.1" not in preview and "masked-" in preview
    assert "core.requests.client_host" in client.get("find", params={"q": "client_host"}).text


def test_search_sorts_and_says_when_nothing_fits(published: EmptyLake, browse: Browse) -> None:
    client = browse()
    fragment = client.get("tables", params={"q": "http access", "schema": "core"}, headers={"HX-Request": "true"}).text
    assert "core.requests" in fragment and "<html" not in fragment and "core.users" not in fragment
    assert "No table fits" in client.get("tables", params={"q": "zebra"}).text
    rows = client.get("tables", params={"sort": "rows", "order": "down"}).text
    assert rows.index("tables/core.requests\"") < rows.index("tables/core.users\"")


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
    oldest, newest = read_ends()
    assert f"reach from {oldest} to {newest}" in text
    marts = read_text(client.get(f"snapshots/{newest}").text)
    assert "mart.traffic_hourly +" in marts and "(now)" in marts
    assert client.get(f"snapshots/{newest + 9}").status_code == 404


def test_snapshots_are_filtered_and_paged_by_address(published: EmptyLake, browse: Browse) -> None:
    MIRROR.refresh()
    everything = list_snapshots(Sought(), 10_000)
    walked, sought = [], Sought()
    while sought is not None:  # from the newest to the oldest, and each page back
        page = list_snapshots(sought, 2)
        walked += page
        assert list_snapshots(Sought(after=page[-1]["snapshot_id"] - 1), len(page)) == page
        sought = Sought(before=page[-1]["snapshot_id"]) if page[-1] != everything[-1] else None
    assert walked == everything
    assert {row["kind"] for row in list_snapshots(Sought(kind="publish", author="test"), 99)} == {"publish"}
    assert list_snapshots(Sought(until=date(2020, 1, 1)), 9) == []
    client = browse()
    with connect() as con:
        con.execute("CALL ducklake_flush_inlined_data('lake', schema_name => 'ledger')")
    number = read_ends()[1]
    assert list_snapshots(Sought(), 1)[0]["kind"] == "flush"
    row = f'id="snapshot-{number}"'
    assert row in client.get("snapshots?upkeep=shown&until=").text
    first = client.get("snapshots").text
    assert row not in first and "Upkeep (compaction and flush), which changes no row, is left out" in first
    assert f"reach from 0 to {number}." in " ".join(first.split()) and ">Newest<" not in first
    kept = client.get("snapshots?upkeep=shown&table=core.requests&kind=publish").text
    assert "checked> Show upkeep" in kept and "<option selected>core.requests" in kept


def test_tabs_of_airflow_show_a_dags_tables_and_a_runs_books(published: EmptyLake, browse: Browse) -> None:
    client = browse()
    assert "core.requests" in client.get("dags/ingest_access_logs").text
    run = client.get("dags/ingest_access_logs/runs/first").text
    assert "access-2026-11-04.log" in run and "core.requests" in run
    assert "Nothing (yet)" in client.get("dags/ingest_access_logs/runs/manual__2026-11-22T10:00:00+00:00").text


def test_many_days_are_planned_as_runs(published: EmptyLake, browse: Browse) -> None:
    client = browse()

    def plan(table: str, days: str) -> list[tuple[str, str]]:
        text = unescape(client.get(f"tables/{table}/rebuilds", params={"days": days}).text)
        found = re.search(r'data-runs="(\[.*\])"', text)
        return [(run["dag"], run["key"]) for run in json.loads(found[1])] if found else []

    assert plan("core.requests", "2026-11-04,2026-11-01,2026-11-03,2026-12-24") == [
        ("ingest_access_logs", "2026-11-01"),
        ("ingest_access_logs", ""),  # of the third nothing is published: whatever has arrived is taken
        ("ingest_access_logs", "2026-11-04"),
    ]
    assert plan("mart.top_pages", "2026-11-01") == [("build_marts", "2026-11-01")]
    assert plan("core.requests", "") == plan("core.requests", "2026-12-24") == []
    assert "All missing (1)" in client.get("tables/core.requests").text
    assert "All missing" not in browse(Rights()).get("tables/core.requests").text
    many = ",".join(str(date(2020, 1, 1) + timedelta(days=n)) for n in range(401))
    for days, status in ((many, 404), ("yesterday", 422), ("x" * 30_000, 422)):
        assert client.get("tables/core.requests/rebuilds", params={"days": days}).status_code == status
    assert client.get("tables/core.films/rebuilds", params={"days": "2026-11-01"}).status_code == 404


def test_versions_differ_by_rows_added_removed_and_changed(
    published: EmptyLake, browse: Browse, tmp_path: Path
) -> None:
    before = read_ends()[1]
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
