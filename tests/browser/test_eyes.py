"""Pages for every eye, ear and hand: at any width, in both themes, by keyboard, in the viewer's time zone."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.asking import HOURS, ask
from tests.browser.eyes import PAGES, find_faults, find_shown_faults
from tests.browser.site import MISSING, WATCHED, Site, Visitor, listen
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

KNOWN = """
    SELECT (SELECT id FROM ducklake_current_snapshot('lake')) AS newest, raw_object, raw_line,
           (SELECT substr(any_value(run_id), 19) FROM ledger.publishes WHERE run_id LIKE 'ingest_watch_logs.%') AS run,
           (SELECT to_json({'watched_date': watched_date, 'film_id': film_id}) FROM mart.film_popularity_daily
            ORDER BY minutes_watched DESC LIMIT 1) AS key
    FROM quarantine.watch_minutes LIMIT 1
"""
FOCUSED = """() => {
  const one = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(one);
  return [one.id || one.textContent.trim().slice(0, 40), outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2];
}"""
STOPS = "main :is(a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'])"


@pytest.mark.parametrize(("address", "heading", "picture"), PAGES, ids=[page[2] for page in PAGES])
def test_every_page_is_for_everybody(reader: Visitor, address: str, heading: str, picture: str) -> None:
    """No refused script, style or request; nothing out of sight at any width; axe finds nothing. Pictures are kept."""
    complaints = listen(reader.page)
    page = reader.visit(fill_in(address))
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    reader.take_pictures(picture)
    assert find_faults(page) == []
    assert complaints == []


def test_tables_show_how_fresh_they_are_on_a_telephone(site: Site) -> None:
    page = site.open("Viewer").visit("tables")
    for width in (390, 800):
        page.set_viewport_size({"width": width, "height": 900})
        for badge in page.locator("table.data tbody td:nth-child(2) .badge").all()[:40]:
            box = badge.bounding_box()
            assert box is not None and box["x"] + box["width"] <= width, badge.text_content()


def test_everything_is_reached_by_keyboard(site: Site) -> None:
    """Each stop in turn, and one sees where one is. The finder opens, closes and gives the focus back."""
    page = site.open("Op").visit(f"tables/{WATCHED}")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)[0] == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    stops = page.locator(STOPS).evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility() && !one.disabled).length"
    )
    for _ in range(stops):
        name, is_seen = page.evaluate(FOCUSED)
        assert is_seen, f"nobody sees that {name!r} has the focus"
        page.keyboard.press("Tab")
    assert not page.evaluate("() => document.querySelector('main').contains(document.activeElement)")

    link = page.get_by_role("link", name="Health")
    link.focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type("user")
    expect(page.locator("#hits a").first).to_be_visible()
    assert find_shown_faults(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(link).to_be_focused()


def test_what_renews_itself_keeps_the_focus(site: Site) -> None:
    page = site.open("Op").visit("health")
    page.wait_for_load_state("networkidle")
    page.set_viewport_size({"width": 390, "height": 900})
    now = page.locator("#now")
    stop = now.get_by_role("group", name="Latency, traffic, errors")  # it scrolls
    stop.focus()
    stop.evaluate("(one) => (one.dataset.old = 'yes')")
    page.evaluate("() => htmx.ajax('GET', location.pathname, { target: '#now', source: '#now' })")
    expect(now.locator("[data-old]")).to_have_count(0)
    expect(stop).to_be_focused()
    told = page.locator("#told")
    expect(told).to_have_text(re.compile(r"^\d+ alerts? firing, \d+ servers? away$"))


def test_moments_are_in_the_zone_that_airflow_was_told(site: Site) -> None:
    """At once in every window, fragments too; days stay what they are, and so does everything without scripts."""
    visitor = site.open("Viewer")
    page = visitor.visit("snapshots")
    choose_zone(page, "Asia/Kolkata")
    moment = page.reload() and page.locator("#timeline time").first
    assert moment
    expect(moment).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\+5:30$"))
    assert re.match(r"[\d-]+ [\d:]+ UTC", moment.get_attribute("title") or "")
    expect(page.get_by_text("Times are in Asia/Kolkata")).to_be_visible()
    page.select_option("#kind", "publish")  # a fragment
    expect(page).to_have_url(re.compile("zone=Asia"))
    expect(page.locator("#timeline time").first).to_have_text(re.compile(r"UTC\+5:30$"))
    other = page.context.new_page()
    other.goto(page.url)
    choose_zone(other, "America/St_Johns")
    expect(page.locator("#timeline time").first).to_have_text(re.compile(r"UTC−[23]:30$"))
    plain = site.browser.new_context(java_script_enabled=False, storage_state=site.known["Viewer"]).new_page()
    plain.goto(page.url)
    expect(plain.locator("#timeline time").first).to_have_text(re.compile(r":\d\d UTC$"))
    expect(plain.get_by_text("Times are in UTC")).to_be_visible()
    page.goto(f"{site.airflow.url}/watershed/tables/{WATCHED}/partitions/{MISSING}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Wednesday 6 March 2024")


def test_answers_of_sql_are_for_everybody(site: Site) -> None:
    """A grid, a chart whose axis tells the viewer's time, and a dialog that gives the focus back."""
    page = site.open("Op").visit("sql")
    choose_zone(page, "Asia/Kolkata")
    ask(page, HOURS)
    expect(page.locator("#grid .tabulator-row").first).to_be_visible()
    assert find_shown_faults(page) == []
    page.get_by_role("button", name="Chart").click()
    expect(page.locator("#plot [aria-label='x-axis label']")).to_contain_text("(Asia/Kolkata)")
    expect(page.locator("#plot [aria-label='x-axis tick label']")).to_contain_text("05:30")
    assert find_shown_faults(page) == []
    page.get_by_role("button", name="Save …").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert find_shown_faults(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#keep")).to_be_focused()


def choose_zone(page: Page, zone: str) -> None:
    """As Airflow's own dialog keeps it."""
    page.evaluate("(zone) => localStorage.setItem('timezone', JSON.stringify(zone))", zone)


def fill_in(address: str) -> str:
    con = connect(read_only=True)
    found = con.execute(KNOWN)
    known = dict(zip([column[0] for column in found.description or ()], found.fetchall()[0], strict=True))
    con.close()
    return address.format(**known | {"key": quote(known["key"])})
