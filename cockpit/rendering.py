"""Pages from templates: Jinja2, escaped, with the few filters that numbers and times need."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

TEMPLATES = Path(__file__).with_name("templates")
# The tabs of every page, in this order: address and title.
TABS = (
    ("tables", "Tables"),
    ("lineage", "Lineage"),
    ("snapshots", "Snapshots"),
    ("quarantine", "Quarantine"),
    ("sql", "SQL"),
    ("why", "Why this number"),
    ("health", "Health"),
)


def make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": spell_count, "bytes": spell_bytes, "ago": spell_ago, "moment": spell_moment}
    environment.globals |= {"tabs": TABS}
    return environment


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with `values`, and `root`: the address under which the pages are mounted."""
    text = ENVIRONMENT.get_template(template).render(request=request, root=request.scope.get("root_path", ""), **values)
    return HTMLResponse(text, status)


async def show_error(request: Request, error: Exception) -> HTMLResponse:
    """One sentence; as a whole page, or as a fragment where htmx asked for one."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentence = str(error.detail) if isinstance(error, HTTPException) else f"{type(error).__name__}: {error}"
    template = "error_fragment.html" if request.headers.get("hx-request") else "error.html"
    return render(request, template, status, sentence=sentence, tab="")


def spell_count(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def spell_bytes(number: float | None) -> str:
    """Bytes with a decimal unit, as disks are sold: 1.2 MB is 1,200,000 bytes."""
    if number is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def spell_moment(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def spell_ago(moment: datetime | None) -> str:
    """How long ago a naive UTC time was, in the largest unit that fits."""
    if moment is None:
        return "never"
    return f"{spell_span(datetime.now(UTC).replace(tzinfo=None) - moment)} ago"


def spell_span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


ENVIRONMENT = make_environment()
