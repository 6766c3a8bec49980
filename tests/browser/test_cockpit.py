"""What people do in the cockpit, with a real browser, logged in through Airflow: look, ask, rebuild, decide, roll back.

The tests run in order: the first ones look at what nobody has changed yet. Pictures are kept in the folder `pictures`,
or in the one that PICTURES names.
"""

import csv
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import FrameLocator, expect

from tests.browser import asking, attack
from tests.browser.asking import ask
from tests.browser.site import DAYS, MISSING, ROLES, WATCHED, Site, Visitor, listen, name_visitor
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

HTML = "<form action=https://example.com method=post><button>go</button></form><img src=x onerror=alert(1)>"


def test_a_newcomer_finds_their_way(site: Site) -> None:
    """From Airflow's navigation, without a manual: a missing day, rows that failed, their line, an answer in SQL."""
    visitor = site.open("Viewer")
    frame = open_from_navigation(visitor)
    attention = frame.get_by_role("region", name="What needs attention")
    attention.get_by_role("link", name=WATCHED).first.click()  # the day; its failed checks come after
    missing = frame.locator(f"a.day.missing[href$='partitions/{MISSING}']")
    expect(missing).to_be_visible()
    visitor.take_picture("missing_day")
    missing.click()
    expect(frame.get_by_text("No object with rows of this day is published")).to_be_visible()
    expect(frame.get_by_role("button", name=re.compile("build|ngest"))).to_have_count(0)  # a Viewer starts nothing

    frame.get_by_role("link", name="Quarantine", exact=True).click()
    frame.get_by_role("rowheader").get_by_role("link", name="watch_minutes").click()
    expect(frame.get_by_role("heading", name="quarantine.watch_minutes")).to_be_visible()
    frame.get_by_role("rowheader").get_by_role("link").first.click()
    frame.get_by_role("link", name=re.compile(r"^line \d+")).first.click()
    expect(frame.locator("#raw-line")).to_be_visible()
    visitor.take_picture("raw_line")

    frame.get_by_role("link", name="SQL", exact=True).click()
    ask(frame, "SELECT count(*) AS requests FROM core.requests")
    expect(frame.locator("#grid .tabulator-cell")).to_have_text("9999")


def test_light_follows_airflow(site: Site) -> None:
    """The frame takes over what the person chose in Airflow."""
    visitor = site.open("Viewer", dark=True)
    frame = open_from_navigation(visitor)
    expect(frame.locator("html")).to_have_class(re.compile("dark"))
    visitor.take_picture("airflow_dark")


@pytest.mark.parametrize("role", ROLES)
def test_roles_see_what_they_may_do(site: Site, role: str) -> None:
    page = site.open(role).visit(f"tables/{WATCHED}/partitions/{DAYS[1]}")
    may_act = role != "Viewer"
    assert (page.locator("button[data-trigger-dag]").count() > 0) == may_act
    page.goto(page.url.replace(f"tables/{WATCHED}/partitions/{DAYS[1]}", format_comparison()))
    assert (page.get_by_role("button", name="Roll back").count() > 0) == (role == "Admin")


def test_sql_answers_draws_and_exports(site: Site, tmp_path: Path) -> None:
    visitor = site.open("Viewer")
    page = visitor.visit("sql")
    ask(page, "SELECT path, sum(request_count) AS requests FROM mart.top_pages GROUP BY 1 ORDER BY 2 DESC LIMIT 8")
    expect(page.locator("#grid .tabulator-row")).to_have_count(8)
    visitor.take_picture("sql_grid")
    page.get_by_role("button", name="Chart").click()
    page.select_option("#chart-kind", "bar")
    expect(page.locator("#plot svg").first).to_be_visible()
    visitor.take_picture("sql_chart")
    for form in ("csv", "parquet"):
        with page.expect_download() as download:
            page.click(f"#export-{form}")
        download.value.save_as(tmp_path / f"answer.{form}")
    with (tmp_path / "answer.csv").open() as file:
        assert next(csv.DictReader(file)) == {"path": "/favicon.ico", "requests": "807"}
    assert pq.read_table(tmp_path / "answer.parquet").column("requests").to_pylist()[0] == 807


def test_sql_refuses_to_write(site: Site) -> None:
    page = site.open("Admin").visit("sql")
    ask(page, "DELETE FROM core.requests")
    expect(page.locator("#problem")).to_be_visible()
    assert count("core.requests") == 9_999


def test_sql_is_kept_in_the_address_drawn_and_shared(site: Site, tmp_path: Path) -> None:
    reader = site.open("Viewer")
    page = reader.visit("sql")
    complaints = listen(page)
    asking.use_the_page(page, tmp_path)
    asking.keep_a_question(site.open("Op"), reader)
    assert complaints == []


def test_nothing_of_a_query_is_html(site: Site) -> None:
    """Names, values, types and errors are texts; a join shows each column, and a division by nothing a value."""
    page = site.open("Viewer").visit("sql")
    complaints = listen(page)
    values = (
        f"1 AS \"{HTML}\", '{HTML}' AS a, 'b'::ENUM('b', '{HTML}') AS \"<a href=javascript:alert(1)>x</a>\", 1/0 AS a"
    )
    ask(page, f"SELECT {values}")
    titles = page.locator("#grid .tabulator-col-title")
    expect(titles.first).to_have_text(HTML)
    assert titles.all_text_contents()[1:] == ["a", "<a href=javascript:alert(1)>x</a>", "a_1"]
    assert page.locator("#grid .tabulator-cell").all_text_contents() == ["1", HTML, "b", "Infinity"]
    titles.nth(2).hover()
    expect(page.locator(".tabulator-tooltip")).to_contain_text("<form")
    page.get_by_role("button", name="Chart").click()
    page.select_option("#chart-kind", "bar")
    expect(page.locator("#plot svg").first).to_be_visible()
    ask(page, f'SELECT "{HTML}"')
    expect(page.locator("#problem")).to_contain_text("<form")
    assert (
        page.locator("form[action*='example.com'], #answer img, #answer a[href], .tabulator-tooltip form").count() == 0
    )
    assert complaints == []


def test_nobody_keeps_others_from_asking(site: Site) -> None:
    """Many endless questions of one person: Airflow answers, and so does the page to somebody else."""
    eve, ada = attack.open_client(site, "Viewer"), attack.open_client(site, "Op")
    assert attack.ask(ada, "SELECT 41").json()["rows"] == [[41]]
    before = attack.measure_dags(ada)
    with attack.ask_without_end(eve) as statuses:
        busy, answer = attack.measure_dags(ada), attack.ask(ada, "SELECT 42")
        assert 429 in statuses
    assert answer.json()["rows"] == [[42]]
    idle = max(before, attack.measure_dags(ada))  # what else the machine does comes and goes
    assert busy < 2 * idle + 0.25, f"a list of DAGs takes {busy:.2f} s, and {idle:.2f} s when nobody asks"


def test_a_rebuild_starts_from_the_grid_and_ends(site: Site) -> None:
    before = count(WATCHED)
    visitor = site.open("User")
    page = visitor.visit(f"tables/{WATCHED}")
    page.locator(f"a.day[href$='partitions/{DAYS[1]}']").click()
    page.locator("#rebuilds button").first.click()
    expect(page.locator("#rebuilds .run")).to_contain_text("success", timeout=180_000)
    visitor.take_picture("rebuild")
    assert count(WATCHED) == before
    assert count_publishes(name_visitor("User")) == 1


def test_rows_in_quarantine_are_dropped_for_a_reason(site: Site) -> None:
    before = count("quarantine.watch_minutes")
    visitor = site.open("User")
    page = visitor.visit("quarantine/watch_minutes")
    page.locator("table.data tbody th a").first.click()
    page.get_by_label("Why").fill("a test of the player")
    page.get_by_role("button", name=re.compile("^Drop")).click()
    expect(page.locator("#answer")).to_contain_text("success", timeout=180_000)
    expect(page.locator("#decisions")).to_contain_text("a test of the player")
    visitor.take_picture("decision")
    assert count("quarantine.watch_minutes") < before


def test_a_table_is_rolled_back_for_a_reason(site: Site) -> None:
    visitor = site.open("Admin")
    page = visitor.visit(format_comparison())
    page.get_by_label("Reason").fill("the second log was a mistake")
    page.get_by_role("button", name="Roll back").click()
    expect(page.locator("#rolled")).to_contain_text("success", timeout=180_000)
    page.locator("#rolled").scroll_into_view_if_needed()
    visitor.take_picture("rollback")
    assert count("core.requests") == 0
    visitor.visit("snapshots")
    expect(page.locator("#timeline")).to_contain_text("the second log was a mistake")


def open_from_navigation(visitor: Visitor) -> FrameLocator:
    visitor.page.goto(visitor.site.airflow.url)
    visitor.page.get_by_role("link", name="Watershed").click()
    frame = visitor.page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Tables", exact=True)).to_be_visible(timeout=60_000)
    return frame


def format_comparison() -> str:
    """The log against the snapshot before it came."""
    first = ask_lake("SELECT min(snapshot_id) FROM ledger.publishes WHERE subject = 'access_logs'") - 1
    newest = ask_lake("SELECT id FROM ducklake_current_snapshot('lake')")
    return f"snapshots/compare?table=core.requests&from={first}&to={newest}"


def count(table: str) -> int:
    return ask_lake(f"SELECT count(*) FROM {table}")


def count_publishes(actor: str) -> int:
    return ask_lake(f"SELECT count(*) FROM ledger.publishes WHERE actor = '{actor}'")


def ask_lake(query: str) -> int:
    con = connect(read_only=True)
    row = con.execute(query).fetchone()
    con.close()
    assert row is not None
    return int(row[0])
