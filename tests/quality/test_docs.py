"""Data Docs pages: no site but our own, no personal values, nothing that a browser would run."""

from pathlib import Path

import duckdb
import pytest

from tests.quality.staged import AS_OF, stage_rows
from watershed.quality.check import check_rows
from watershed.quality.docs import write_page

SCRIPT = "<script>alert('$film_id')</script>"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    con = duckdb.connect()
    bad = {"status": 4711, "user_agent": "somebody's browser", "client_host": "192.0.2.77"}
    table = stage_rows(con, "requests", {}, bad, {"client_host": None, "status": None})
    return write_page(con, check_rows(con, table, "staged", AS_OF), tmp_path, "run-7", AS_OF)


def test_a_page_shows_rules_counts_and_samples(page: Path) -> None:
    text = page.read_text()
    assert page.parent.name == "run-7"
    assert "core.requests, run run-7, 2020-07-01 12:00 UTC" in text
    assert "status is between 100 and 599" in text
    assert "1 unexpected values found" in text
    assert "4711" in text


def test_a_page_shows_no_personal_value(page: Path) -> None:
    text = page.read_text()
    assert "client_host is never missing" in text
    assert "(masked)" in text
    assert "somebody" not in text
    assert "192.0.2.77" not in text
    assert "10.0.0.1" not in text


def test_a_page_runs_no_script_and_needs_no_other_site(tmp_path: Path) -> None:
    con = duckdb.connect()
    table = stage_rows(con, "watch_minutes", {}, {"film_id": SCRIPT + "x" * 500})
    text = write_page(con, check_rows(con, table, "staged", AS_OF), tmp_path, "run-7", AS_OF).read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert" in text
    assert "http" not in text.replace("HTTP", "")
    assert "x" * 81 not in text


def test_the_index_lists_all_pages(page: Path) -> None:
    con = duckdb.connect()
    verdict = check_rows(con, stage_rows(con, "users", {}), "staged", AS_OF)
    write_page(con, verdict, page.parent.parent, "run-8", AS_OF)
    index = (page.parent.parent / "index.html").read_text()
    assert index.index("run-8/core.users.html") < index.index("run-7/core.requests.html")
