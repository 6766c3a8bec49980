"""What everybody must be able to do with a page: see all of it at any width, in both themes, reach and name it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.site import DAYS, WATCHED, WINDOW

# Address, the heading that tells that it is there, and the name of its picture. In braces: what the lake knows.
PAGES = (
    ("tables", "Tables", "tables"),
    (f"tables/{WATCHED}", WATCHED, "table"),
    (f"tables/{WATCHED}/partitions/{DAYS[1]}", "Tuesday 5 March 2024", "partition"),
    (f"tables/mart.film_popularity_daily/partitions/{DAYS[1]}", "mart.film_popularity_daily", "partition_of_mart"),
    (f"lineage?of={WATCHED}", "Lineage", "lineage"),
    ("lineage?of=mart.top_pages.client_count", "client_count", "lineage_of_column"),
    ("snapshots", "Snapshots", "snapshots"),
    ("snapshots/{newest}", "Snapshot", "snapshot"),
    ("snapshots/compare?table=core.watch_minutes&from=1&to={newest}", "from snapshot 1", "compare"),
    ("quarantine", "Quarantine", "quarantine"),
    ("quarantine/watch_minutes", "quarantine.watch_minutes", "quarantine_rows"),
    ("quarantine/decisions", "Decisions", "decisions"),
    ("raw?object={raw_object}&line={raw_line}", "Line", "raw"),
    ("sql", "SQL", "sql"),
    ("why", "Why", "why"),
    ("why?table=mart.recommendation_quality_daily", "mart.recommendation_quality_daily", "why_rows"),
    ("why?table=mart.film_popularity_daily&column=minutes_watched&row={key}", "minutes_watched is ", "why_cell"),
    ("health", "Health", "health"),
    ("health/snooze?rule=runs_failing&subject=x", "Snooze runs_failing", "snooze"),
    ("roles", "Who sees what", "roles"),
    ("find?q=user", "Find", "find"),
    ("dags/ingest_watch_logs", "ingest_watch_logs", "dag"),
    ("dags/ingest_watch_logs/runs/{run}", "What this run published", "run"),
)

WIDTHS = (390, 600, 800, 1024, 1440, 1920)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # what the theme decides about
# What reaches out of the window, unless it is inside a box that scrolls by itself and fits.
FIND_OUTSIDE = """() => {
  const page = document.scrollingElement, width = page.clientWidth;
  const found = page.scrollWidth > width ? [`the page is ${page.scrollWidth} px wide`] : [];
  const isHeld = (one) => {
    for (let box = one.parentElement; box && box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== 'visible' && box.getBoundingClientRect().right <= width + 1) return true;
    return false;
  };
  for (const one of document.querySelectorAll('body *:not(.skip)')) {
    const { left, right, width: own, height } = one.getBoundingClientRect();
    if (own && height && (right > width + 1 || left < -1) && !isHeld(one))
      found.push(`${one.tagName} ${one.className.baseVal ?? one.className} from ${left | 0} to ${right | 0}`);
  }
  return found;
}"""
# Every text of the page as bad as it may come: names without end, huge numbers, sentences nobody shortened.
SWELL = """() => {
  const worst = ['unbroken_'.repeat(9) + 'x'.repeat(90), '-' + '9'.repeat(60), 'a sentence that goes on '.repeat(20)];
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  found.filter((text) => text.data.trim() && !text.parentElement.closest('script, option, svg, .cm-editor'))
    .forEach((text, place) => (text.data = worst[place % worst.length]));
}"""


def find_faults(page: Page) -> list[str]:
    """What of a page that is open is out of sight, or breaks a rule of WCAG 2.2 AA or a good habit, each in a line."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.querySelectorAll('main details').forEach((box) => (box.open = true))")
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    found = find_shown_faults(page)
    page.evaluate(SWELL)
    return found + [f"with bad texts: {one}" for one in list_outside(page)]


def find_shown_faults(page: Page) -> list[str]:
    """The same of what is shown now: a dialog, an answer."""
    return [*list_outside(page), *list_violations(page, "light"), *list_violations(page, "dark", OF_COLOURS)]


def list_outside(page: Page) -> list[str]:
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": WINDOW["height"]})
        found += [f"{width} px: {one}" for one in page.evaluate(FIND_OUTSIDE)]
    page.set_viewport_size(WINDOW)
    return found


def list_violations(page: Page, theme: str, rules: list[str] | None = None) -> list[str]:
    """By axe-core: all its rules, or those named."""
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": rules or TAGS}).response["violations"]
    page.emulate_media(color_scheme="light")
    return [f"{theme}: {one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
