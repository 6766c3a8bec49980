"""SQL, lineage, why and the raw line: the pages that answer questions, over a lake with a table and its mart."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from threading import Timer
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from tests.cockpit.conftest import forget_other_lakes
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from watershed.cockpit.app import make_app
from watershed.cockpit.guards import Guards, Rights
from watershed.flows.ingest.land import land_file
from watershed.flows.marts import build_mart
from watershed.serving.sql_pool import DESK, SqlPool
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import read_snapshot

pytestmark = pytest.mark.servers

LINES = """\
02:49:12 192.0.2.1 GET /a.jpg 200
02:49:13 192.0.2.1 GET /a.jpg 404
02:49:14 192.0.2.7 GET /a.jpg 200
03:49:14 192.0.2.7 GET /b.jpg 200
no request of anna
"""
ENDLESS = "SELECT count(*) FROM range(1000000) AS a, range(10000000) AS b WHERE a.range * b.range % 7 = 3"


@pytest.fixture(scope="module")
def pages(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The pages as Anna sees them, who may only look."""
    file = tmp_path_factory.mktemp("logs") / "access-2026-11-01.log"
    file.write_text(LINES)
    land_file("access_logs", file)
    main("access_logs", "one")
    build_mart("top_pages", "two", date(2026, 11, 1))
    forget_other_lakes()
    vars(DESK).update(vars(SqlPool()))
    nobody = Guards(lambda: "anna", lambda: "anna", lambda: "anna", lambda: Rights())
    with TestClient(make_app(nobody)) as client:
        yield client
        client.portal.call(DESK.close)


def ask(pages: TestClient, query: str, **more: str) -> dict[str, Any]:
    return dict(pages.post("/sql/run", data={"query": query, "name": "q", **more}).json())


def test_sql_answers_with_rows_and_counts_those_not_shown(pages: TestClient) -> None:
    found = ask(pages, "SELECT path, request_count FROM mart.top_pages ORDER BY 1;")
    assert found["rows"] == [["/a.jpg", 3], ["/b.jpg", 1]]
    assert [c["name"] for c in found["columns"]] == ["path", "request_count"]
    many = ask(pages, "FROM range(2500)")
    assert (len(many["rows"]), many["count"], many["isCounted"]) == (1000, 2500, True)
    values = ask(pages, "SELECT 12345678901234567890::HUGEINT, [1], 'x', NULL, 'nan'::DOUBLE, 1.5::DECIMAL(3, 1)")
    assert values["rows"] == [["12345678901234567890", "[1]", "x", None, "NaN", "1.5"]]


def test_sql_says_what_is_wrong_and_where(pages: TestClient) -> None:
    wrong = ask(pages, "SELECT\n  foo\nFROM core.requests")
    assert 'column "foo" not found' in wrong["error"] and (wrong["line"], wrong["column"]) == (2, 3)
    assert "only queries are answered" in ask(pages, "DELETE FROM core.requests")["error"]
    assert "not for analysts" in ask(pages, "FROM read_csv('/etc/passwd')")["error"]
    assert "no version is called 'easter'" in ask(pages, "SELECT 1", snapshot="easter")["error"]


def test_sql_as_of_a_snapshot(pages: TestClient) -> None:
    before = ask(pages, "SELECT count(*) FROM core.requests", snapshot="1")
    assert before["rows"] == [[0]] and before["snapshot"] == 1
    now = read_snapshot(connect(read_only=True))
    assert ask(pages, "SELECT count(*) FROM core.requests", snapshot=str(now))["rows"] == [[4]]


def test_sql_ends_when_it_takes_too_long_or_is_taken_back(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WATERSHED_SQL_SECONDS", "1")
    with caplog.at_level(logging.INFO, "watershed.audit"):
        assert "ended after 1 s" in ask(pages, ENDLESS)["error"]
    assert '"user": "anna"' in caplog.text and "range(1000000)" in caplog.text
    monkeypatch.setenv("WATERSHED_SQL_SECONDS", "30")
    Timer(0.5, lambda: pages.post("/sql/cancel", data={"name": "q"})).start()
    assert ask(pages, ENDLESS)["isCancelled"]
    assert ask(pages, "SELECT 1")["rows"] == [[1]]


def test_sql_exports_files(pages: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"query": "FROM mart.top_pages ORDER BY path", "name": "q"}
    csv = pages.post("/sql/export", data=asked | {"format": "csv"})
    assert csv.text.splitlines()[1].startswith('2026-11-01,"/a.jpg",3,2,')
    assert re.search(r'filename="watershed-[\d-]+\.csv"', csv.headers["content-disposition"])
    parquet = pages.post("/sql/export", data=asked | {"format": "parquet"})
    assert pq.read_table(io.BytesIO(parquet.content)).column("path").to_pylist() == ["/a.jpg", "/b.jpg"]
    refused = pages.post("/sql/export", data={"query": "FROM range(1000001)", "name": "q", "format": "csv"})
    assert refused.status_code == 422 and "more than 1,000,000 rows" in refused.json()["error"]


def test_sql_page_asks_nothing_by_itself(pages: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "watershed.audit"):
        assert "from core.requests" in pages.get("/sql?query=from core.requests").text
    assert [one for one in caplog.records if one.name == "watershed.audit"] == []


def test_sql_lists_and_describes(pages: TestClient) -> None:
    assert ["mart.top_pages"] in [row[:1] for row in ask(pages, "SHOW TABLES")["rows"]]
    assert ask(pages, "SHOW COLUMNS FROM mart.top_pages")["rows"][1][:2] == ["path", "VARCHAR"]
    summary = {row[0]: row[1:4] for row in ask(pages, "SUMMARIZE core.requests")["rows"]}
    assert summary["path"] == ["VARCHAR", "/a.jpg", "/b.jpg"]
    assert summary["client_host"][1].startswith("masked-")
    found = ask(pages, "PIVOT core.requests ON status USING count(*) GROUP BY path ORDER BY path")
    assert [c["name"] for c in found["columns"]] == ["path", "200", "404"] and found["rows"][0] == ["/a.jpg", 2, 1]


def test_lineage_is_drawn_and_listed(pages: TestClient) -> None:
    page = pages.get("/lineage?of=mart.top_pages.client_count").text
    assert "COUNT(DISTINCT requests.client_host)" in page
    assert "core.requests.client_host" in page and "raw/access_logs.line" in page
    drawn = re.search(r'id="graph">(.*?)</script>', page, re.DOTALL)
    assert drawn is not None and '"id": "core.requests"' in drawn[1] and "core.ratings" not in drawn[1]
    assert '"id": "ml.predictions"' in pages.get("/lineage").text
    assert pages.get("/lineage?of=core.nothing").status_code == 404


def test_why_leads_from_a_cell_to_its_rows_to_the_raw_line(pages: TestClient) -> None:
    rows = pages.get("/why?table=mart.top_pages&where=path = '/a.jpg'").text
    cell = find_link(rows, "column=client_count")
    page = pages.get(cell).text
    assert "<h1>client_count is 2</h1>" in page and "COUNT(DISTINCT requests.client_host)" in page
    fragment = re.search(r'hx-get="([^"]*/why/rows[^"]*)"', page)
    assert fragment is not None
    behind = pages.get(unescape(fragment[1])).text
    assert "3 rows as of snapshot" in behind and "more than made this number" not in behind
    assert "masked-" in behind and "192.0.2.1" not in behind
    line = pages.get(find_link(behind, "/raw?")).text
    assert "GET /a.jpg 200" in line and "192.0.2.1" not in line
    assert 'published</span> <a href="/tables/core.requests">' in line


def test_raw_line_of_a_quarantined_row_says_why(pages: TestClient) -> None:
    row = connect(read_only=True).execute("SELECT raw_object, raw_line FROM quarantine.requests").fetchone()
    assert row is not None
    page = pages.get("/raw", params={"object": row[0], "line": row[1]}).text
    assert "the line matches no known access-log format" in page and "xx xxxxxxx xx xxxx" in page and "anna" not in page
    assert "The object has no such line" in pages.get("/raw", params={"object": row[0], "line": 99}).text
    assert pages.get("/raw?object=raw/access_logs/0000&line=1").status_code == 404
    assert pages.get("/raw?object=../secrets&line=1").status_code == 422


def test_why_says_what_it_cannot_find(pages: TestClient) -> None:
    assert pages.get("/why?table=core.nothing").status_code == 404
    assert "not found in FROM clause" in unescape(pages.get("/why?table=mart.top_pages&where=nothing = 1").text)
    closed = "false) UNION ALL SELECT * FROM core.requests WHERE (true"
    other = pages.get("/why", params={"table": "mart.top_pages", "where": closed})
    assert "is not a condition" in unescape(other.text)
    gone = pages.get('/why?table=mart.top_pages&row={"requested_date":"2026-11-01","path":"/c"}&column=path')
    assert gone.status_code == 404 and "no such row" in gone.text


def find_link(page: str, part: str) -> str:
    link = next(link for link in re.findall(r'href="([^"]+)"', page) if part in unescape(link))
    return unescape(link)
