"""How pages tell moments: UTC in the text and in `<time datetime>`, which a script (`web/src/zone.js`) shows in the
zone that the viewer has chosen. A day is not a moment: the 5th of March is the 5th for everybody.

Filters of templates. `moment`, `clock`, `ago` and `told` make elements, so they stand in texts only; what stands in an
attribute is spelled by `utc`.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from watershed.declarations.counting import format_span
from watershed.errors import InvalidInput

# As sentences of alerts and errors spell it.
SPELLED = re.compile(r"\b(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?) UTC\b")
LAST = date.max - timedelta(days=2)  # of a later one no zone can tell the end
COMMAND = re.compile("`([^`]+)`")
TIME = Markup('<time datetime="{}"{} title="{}">{}</time>')


def show_moment(moment: datetime | None) -> str:
    """`2026-11-27 18:04:05 UTC`, and beside it how long ago that was."""
    if moment is None:
        return "–"
    return make_time(moment, format_utc(moment), title=f"{format_utc(moment)}, {format_ago(moment)}")


def show_clock(moment: datetime | None) -> str:
    """The time of today, or with its date."""
    if moment is None:
        return "an unknown time"
    is_today = moment.date() == datetime.now(UTC).date()
    return make_time(moment, f"{moment:%H:%M} UTC" if is_today else f"{moment:%Y-%m-%d %H:%M} UTC", form="clock")


def show_ago(moment: datetime | None) -> str:
    """`3 min ago`, and beside it when that was."""
    return "never" if moment is None else make_time(moment, format_ago(moment), form="ago")


def show_sentence(sentence: str) -> Markup:
    """A sentence of ours, in which moments, and commands between backticks, become elements. Not for values of tables,
    which stay as they are."""
    return Markup(COMMAND.sub(r"<code>\1</code>", SPELLED.sub(show_spelled, str(escape(sentence)))))


def show_spelled(found: re.Match[str]) -> str:
    try:
        moment = datetime.fromisoformat(f"{found[1]} {found[2]}")
    except ValueError:
        return found[0]
    return make_time(moment, found[0], form="" if found[2].count(":") == 2 else "minute")


def make_time(moment: datetime, text: str, form: str = "", title: str = "") -> Markup:
    """`form`: how the script spells it; `title`: what is seen on hover."""
    told = Markup(' data-form="{}"').format(form) if form else ""
    return TIME.format(f"{moment:%Y-%m-%dT%H:%M:%S}Z", told, title or format_utc(moment), text)


def format_utc(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def format_ago(moment: datetime) -> str:
    """How long ago a naive UTC time was, in the largest unit that fits."""
    return f"{format_span(datetime.now(UTC).replace(tzinfo=None) - moment)} ago"


def find_end(day: date, zone: str) -> datetime:
    """When a day is over in a zone such as `Europe/Berlin`: a naive UTC time. Raises InvalidInput for no zone."""
    try:
        begin = datetime.combine(min(day, LAST), time(), ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        raise InvalidInput(f"{zone!r} is not a time zone: zones are named like Europe/Berlin") from None
    return (begin + timedelta(days=1)).astimezone(UTC).replace(tzinfo=None)
