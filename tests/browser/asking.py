"""What somebody does on the page SQL: write, look, draw, keep, go back."""

from pathlib import Path

from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.site import Visitor

# A day without a row, a null, and a name that is not HTML.
GAPS = (
    "SELECT * FROM (VALUES (DATE '2024-03-07', 4, 40), (DATE '2024-03-04', 1, 10), (DATE '2024-03-05', 2, NULL), "
    "(DATE '2024-03-08', 5, 50)) AS t(day, \"<b>a</b>\", b)"
)
HOURS = (
    "SELECT TIMESTAMP '2024-03-04' + to_hours(h) AS at, k, h AS n "
    "FROM range(15) AS r(h), (VALUES ('x'), ('y')) AS s(k) WHERE h <> 13"
)


def ask(page: Page | FrameLocator, query: str) -> None:
    """Type into the editor, as a person does."""
    editor = page.locator(".cm-content")
    editor.click()
    editor.press("Control+a")
    editor.press_sequentially(query)
    editor.press("Escape")  # closes what the completion offers
    editor.press("Control+Enter")


def use_the_page(page: Page, folder: Path) -> None:
    go_back_and_forth(page)
    pick_names(page)
    draw_gaps(page, folder)


def go_back_and_forth(page: Page) -> None:
    """The question lives in the address, with its answer while the page is open; a link asks nothing by itself."""
    ask(page, "SELECT 1 AS first")
    expect(page.locator("#grid .tabulator-col-title")).to_have_text("first")
    assert page.url.endswith("#query=SELECT%201%20AS%20first")
    ask(page, "SELECT second")
    expect(page.locator("#problem")).to_contain_text("second")
    expect(page.locator("#answer")).to_be_hidden()
    assert page.locator("#grid .tabulator-row").count() == 0
    page.go_back()
    expect(page.locator("#grid .tabulator-col-title")).to_have_text("first")
    expect(page.locator("#problem")).to_be_hidden()
    page.go_forward()
    expect(page.locator(".cm-content")).to_have_text("SELECT second")
    expect(page.locator("#answer")).to_be_hidden()
    page.goto(page.url.partition("#")[0] + "#query=SELECT%203")
    page.reload()
    expect(page.locator(".cm-content")).to_have_text("SELECT 3")
    expect(page.locator("#state")).to_contain_text("Run asks this question")


def pick_names(page: Page) -> None:
    """The tree writes names, and the editor completes columns of an alias."""
    page.get_by_role("button", name="Columns of core.users").click()
    expect(page.locator("#tree")).to_contain_text("masked")
    editor = page.locator(".cm-content")
    editor.click()
    editor.press("Control+a")
    editor.press_sequentially("FROM ")
    page.locator("#tree").get_by_role("button", name="top_pages", exact=True).click()
    expect(editor).to_have_text("FROM mart.top_pages")
    editor.press_sequentially(" AS tp SELECT tp.client_c")
    editor.press("Control+Space")
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("client_count")
    editor.press("Escape")


def draw_gaps(page: Page, folder: Path) -> None:
    """What is missing is a gap, times have 24 hours, series a legend; and all of it can be saved."""
    ask(page, GAPS)
    page.get_by_role("button", name="Chart").click()
    page.locator("#chart-y").get_by_label("b", exact=True).check()
    lines = page.locator("#plot [aria-label=line] path")
    expect(lines).to_have_count(2)
    paths = [line.get_attribute("d") or "" for line in lines.all()]
    assert [path.count("M") for path in paths] == [2, 2] and [path.count("L") for path in paths] == [2, 1]
    assert page.locator("#plot g.key").all_text_contents() == ["<b>a</b>", "b"]
    assert page.locator("#plot [aria-label='x-axis tick label'] text").all_text_contents()[2] == "6 Mar"
    ask(page, HOURS)
    expect(page.locator("#state")).to_contain_text("28 rows")
    expect(lines).to_have_count(2)
    assert page.locator("#chart-by option:checked").text_content() == "k"
    assert [(line.get_attribute("d") or "").count("M") for line in lines.all()] == [2, 2]
    labels = page.locator("#plot [aria-label='x-axis tick label'] text").all_text_contents()
    assert "12:00" in labels and not [label for label in labels if "M" in label and "Mar" not in label]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    download.value.save_as(folder / "chart.png")
    assert (folder / "chart.png").read_bytes()[:4] == b"\x89PNG"


def keep_a_question(writer: Visitor, reader: Visitor) -> None:
    """Somebody saves and shares, another one finds and asks it, and may not change it."""
    page = writer.visit("sql#query=SELECT%2042%20AS%20kept")
    page.get_by_role("button", name="Save …").click()
    page.get_by_label("Name").fill("The <i>answer</i>")
    page.get_by_label("Share it").check()
    page.get_by_role("button", name="Save as new").click()
    expect(page.locator("#about-saved")).to_contain_text("The <i>answer</i>")
    page = reader.visit("sql")
    page.locator("[data-shelf=saved] summary").click()
    page.get_by_role("link", name="The <i>answer</i>").click()
    expect(page.locator("#about-saved")).to_contain_text("shared")
    page.locator("#run").click()
    expect(page.locator("#grid .tabulator-cell")).to_have_text("42")
    assert page.locator("#keep-form [value=change]").count() == page.locator("[data-delete]").count() == 0
    page.locator("[data-shelf=history] summary").click()
    expect(page.locator("#past li").first).to_contain_text("SELECT 42 AS kept")
    reader.take_picture("sql_saved")
    page = writer.visit("sql")
    page.locator("[data-shelf=saved] summary").click()
    page.get_by_role("button", name="Delete The <i>answer</i>").click()
    page.get_by_role("button", name="Delete The <i>answer</i> for good").click()
    expect(page.locator("#saved")).to_contain_text("Nothing is saved yet")
