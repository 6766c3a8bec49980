"""Data Docs: a page for every check, rendered by Great Expectations, and an index of all pages.

Its sections stand in a frame of our own: the stock one loads styles and scripts from half a dozen sites, which a page
about somebody's data should not do, and has no style at all without them.
"""

import html
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.quality.verdict import Verdict

if TYPE_CHECKING:
    from great_expectations.render.view.view import DefaultJinjaSectionView

SAMPLES = 5  # values shown of each failing rule
LOOKED_AT = 1000  # failing rows that the samples are taken from
LONGEST = 80  # characters of a value

FRAME = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
  h1 {{ font-size: 1.4rem }} h5 {{ font-size: 1.1rem; margin: 0 }} h6 {{ font-size: 1rem; margin: 0 }}
  table {{ border-collapse: collapse; width: 100%; margin: .5rem 0 1rem }}
  td, th {{ border-bottom: 1px solid #ddd; padding: .35rem .6rem; text-align: left; vertical-align: top }}
  .alert, li {{ margin-top: .6rem }} .text-danger {{ color: #b3261e }} .text-success {{ color: #1b6e3c }}
  .fa-check-circle::before {{ content: "\\2713" }} .fa-times::before {{ content: "\\2717" }}
  .fa-exclamation-triangle::before {{ content: "\\26A0" }} a[data-toggle] {{ display: none }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def write_page(con: DuckDBPyConnection, verdict: Verdict, folder: Path, run_id: str, at: datetime) -> Path:
    """Write the page of one check to `folder/<run_id>/<table>.html` and add it to `folder/index.html`.

    Failing rules show a few values of their column, masked where the column is personal. `at` is the check's time, UTC.
    """
    title = f"{verdict.table.address}, run {run_id}, {at:%Y-%m-%d %H:%M} UTC"
    page = folder / run_id / f"{verdict.table.address}.html"
    sections = render_sections(verdict, sample_values(con, verdict), run_id, at)
    body = f'<p><a href="../index.html">All checks</a></p>{sections}'
    write_whole(page, FRAME.format(title=html.escape(title), body=body))
    write_index(folder)
    return page


def sample_values(con: DuckDBPyConnection, verdict: Verdict) -> dict[str, list[str]]:
    """A few failing values by rule, in one query; of personal columns only that they are masked."""
    personal = set(verdict.table.personal_columns())
    rules = [rule for rule in verdict.failed_rules if rule.column not in personal]
    samples = {rule.rule: ["(masked)"] for rule in verdict.failed_rules if rule.column in personal}
    if not rules:
        return samples
    values = ", ".join(
        f"""list_sort(list(DISTINCT left(coalesce("{rule.column}"::VARCHAR, 'null'), {LONGEST}))
            FILTER (WHERE {rule.condition}))[:{SAMPLES}]"""
        for rule in rules
    )
    rows = f"SELECT * FROM {verdict.relation} WHERE {verdict.failing_condition} LIMIT {LOOKED_AT}"
    found = con.execute(f"SELECT {values} FROM ({rows})").fetchone() or ()
    return samples | {rule.rule: some or [] for rule, some in zip(rules, found, strict=True)}


def render_sections(verdict: Verdict, samples: dict[str, list[str]], run_id: str, at: datetime) -> str:
    """The sections of Great Expectations' page on a validation, as HTML."""
    from great_expectations import __version__ as version
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    for result, outcome in zip(verdict.validation.results, verdict.results, strict=True):
        if values := samples.get(outcome.rule):
            result.result["partial_unexpected_list"] = [html.escape(value) for value in values]  # nobody else does
    verdict.validation.meta = {
        "great_expectations_version": version,
        "run_id": {"run_name": run_id, "run_time": f"{at.isoformat()}+00:00"},
        "active_batch_definition": {"data_asset_name": verdict.table.address},
    }
    document = ValidationResultsPageRenderer().render(verdict.validation)
    view = open_view()
    numbered = enumerate(document.sections, 1)
    sections = [view.render({"section": s.to_json_dict(), "section_loop": {"index": i}}) for i, s in numbered]
    return re.sub(r'<a href="\.\./[^>]*>(.*?)</a>', r"\1", "\n".join(sections))  # links to pages that we do not make


@cache
def open_view() -> "DefaultJinjaSectionView":
    """Kept, since it compiles its templates anew otherwise: half a second."""
    from great_expectations.render.view.view import DefaultJinjaSectionView

    return DefaultJinjaSectionView()


def write_index(folder: Path) -> None:
    pages = sorted(folder.glob("*/*.html"), key=lambda page: page.stat().st_mtime, reverse=True)
    links = "".join(
        f'<li><a href="{html.escape(page.parent.name)}/{html.escape(page.name)}">'
        f"{html.escape(page.stem)}</a>, run {html.escape(page.parent.name)}</li>"
        for page in pages
    )
    write_whole(folder / "index.html", FRAME.format(title="Checks, the newest first", body=f"<ul>{links}</ul>"))


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once: checks of several tables run at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
