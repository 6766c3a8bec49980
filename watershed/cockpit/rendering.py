"""Pages from templates: Jinja2, escaped, with the few filters that numbers and times need."""

import hashlib
import logging
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from watershed.cockpit.guards import Rights
from watershed.cockpit.moments import format_utc, show_ago, show_clock, show_moment, show_sentence
from watershed.cockpit.outages import ASKED, is_outage
from watershed.declarations.counting import count_nouns, format_span
from watershed.errors import NotFound, UserError
from watershed.monitoring.services import describe_effect
from watershed.serving.turns import RETRY_S, Busy
from watershed.settings import SettingsMissing
from watershed.warehouse.ledger.cache import MIRROR

MOUNTED = "/watershed"  # where Airflow has the pages
LOG = logging.getLogger(__name__)
STATIC = Path(__file__).with_name("static")
TEMPLATES = Path(__file__).with_name("templates")
# With this header a page is asked for as a whole, of which one part is taken: a run has ended, and what it did is to be
# seen at once.
PART = "watershed-part"
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

# As docs/on_call.md names them.
NAMED_PAGE = re.compile(
    rf"(?P<before>\bpage )(?P<page>{'|'.join(title for _, title in TABS)})\b|Objects that were refused"
)


def make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "asset": sign_asset,
        "ago": show_ago,
        "brief": format_brief,
        "clock": show_clock,
        "bytes": format_bytes,
        "count": format_count,
        "linked": link_pages,
        "moment": show_moment,
        "nouns": count_nouns,
        "seconds": format_seconds,
        "share": format_share,
        "sketch": sketch_line,
        "span": format_span,
        "told": show_sentence,
        "utc": format_utc,
        "wbr": break_name,
    }
    environment.filters["spelled"] = lambda value, name: environment.filters[name](value)
    environment.globals |= {"tabs": TABS}
    return environment


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with `values`, `root` (the address under which the pages are mounted) and `rights` of the user.

    With `is_tab` the page stands in a tab of Airflow's, and has none itself.
    """
    known = {
        "request": request,
        "root": request.scope.get("root_path", ""),
        "rights": getattr(request.state, "rights", Rights()),
        "tab": "",
        "is_tab": False,
        "by_table": False,
        "by_day": False,
        "away_since": MIRROR.away_since,
        "as_of": MIRROR.refreshed_at,
    }
    return HTMLResponse(ENVIRONMENT.get_template(template).render(known | values), status)


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a piece of the page that it has, instead of for a page."""
    return "hx-request" in request.headers and not {"hx-boosted", PART} & set(request.headers)


def is_navigation(request: Request) -> bool:
    """Whether a browser opens an address, and does not fetch a part of a page that it has."""
    is_page = "text/html" in request.headers.get("accept", "") and not is_fragment(request)
    is_document = request.headers.get("sec-fetch-dest", "document") in ("document", "iframe")
    return request.method == "GET" and is_page and is_document


def format_login(request: Request) -> str:
    """Where Airflow asks who somebody is, and the address here to which it sends them then."""
    own = f"{request.url.path}?{request.url.query}".rstrip("?")
    base = request.scope.get("root_path", "").removesuffix(MOUNTED)
    return f"{base}/api/v2/auth/login?{urlencode({'next': own})}"


def catch_up(request: Request) -> None:
    """Let a page that follows a run see what the run has done."""
    if PART in request.headers:
        MIRROR.catch_up()


async def show_error(request: Request, error: Exception) -> Response:
    """One sentence; as a whole page, or as a fragment where htmx asked for one. A browser that opens a page without a
    login is sent to Airflow's, and comes back to the page.

    What nobody foresaw goes to the log, since its text may quote addresses and rows.
    """
    if is_outage(error):
        return await run_in_threadpool(show_outage, request)
    status, sentence = explain(error)
    if status == 401 and is_navigation(request):
        return RedirectResponse(format_login(request), 303)
    if status == 500:
        LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    template = "error_fragment.html" if is_fragment(request) else "error.html"
    answer = render(request, template, status, sentence=sentence, status_code=status)
    if status == 429:
        answer.headers["Retry-After"] = str(RETRY_S)
    return answer


def show_outage(request: Request) -> HTMLResponse:
    """Which server is away, since when, and what still works."""
    servers = ASKED.find_servers()
    template = "outage_now.html" if is_fragment(request) else "outage.html"
    return render(request, template, 503, servers=servers, effects=describe_effect, away_since=None)


def explain(error: Exception) -> tuple[int, str]:
    if isinstance(error, Busy):
        return 429, str(error)
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    if isinstance(error, RequestValidationError):
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
        return 422, f"This address or form cannot be understood: {wrong}"
    # A setting that is missing is a mistake of whoever runs the server, not of who looks.
    if isinstance(error, UserError) and not isinstance(error, SettingsMissing):
        return 404 if isinstance(error, NotFound) else 422, str(error)
    return 500, f"The page failed ({type(error).__name__}): the web server's log says why"


@cache
def sign_asset(name: str) -> str:
    """A file of `static/` with its content's digest: browsers keep it until it changes."""
    path = STATIC / name
    return f"{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}" if path.is_file() else name


def break_name(name: str) -> Markup:
    """A long name that a narrow column breaks after a `.` or `_`."""
    return Markup(re.sub(r"([._])(?=.)", r"\1<wbr>", str(escape(name))))


def link_pages(text: str, root: str) -> Markup:
    """Advice of ours, in which the pages that it names are links."""
    return Markup(NAMED_PAGE.sub(lambda found: link_page(found, root), show_sentence(text)))


def link_page(found: re.Match[str], root: str) -> str:
    address = next((address for address, title in TABS if title == found["page"]), "quarantine#refused")
    return Markup('{}<a href="{}/{}">{}</a>').format(found["before"] or "", root, address, found["page"] or found[0])


def format_count(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def format_brief(number: float) -> str:
    """A count in three digits or so: `9.6k`."""
    for unit in ("", "k", "M"):
        if number < 999.5:
            return (f"{number:.0f}" if unit == "" or number >= 99.5 else f"{number:.1f}".removesuffix(".0")) + unit
        number /= 1000
    return f"{number:.1f}G"


def format_bytes(number: float | None) -> str:
    """Bytes with a decimal unit, as disks are sold: 1.2 MB is 1,200,000 bytes."""
    if number is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def format_share(share: float | None) -> str:
    """A share as percent: `0.3 %`; what is nearly nothing is not called nothing."""
    if share is None:
        return "–"
    return "< 0.1 %" if 0 < share < 0.001 else f"{share:.1%}".replace("%", " %").replace(".0 ", " ")


def format_seconds(seconds: float | None) -> str:
    """A duration as people say it: `0.3 s`, `45 s`, `3 min`."""
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def sketch_line(values: Sequence[float | None], width: int, height: int) -> str:
    """The path of a small chart in so many pixels, from the first value at the left to the last at the right."""
    numbers = [float(value or 0) for value in values]
    top = max(numbers) or 1
    step = (width - 4) / max(1, len(numbers) - 1)
    points = (f"{2 + n * step:.1f},{height - 2 - value / top * (height - 4):.1f}" for n, value in enumerate(numbers))
    return "M" + " L".join(points)


ENVIRONMENT = make_environment()
