"""Fresh has one meaning on pages: by what waits, as the monitor says; and a day is missing where one was expected."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from watershed.cockpit.declared import find_declared
from watershed.cockpit.outages import ASKED
from watershed.cockpit.questions import tables
from watershed.cockpit.questions.catalogue import Size
from watershed.cockpit.questions.partitions import list_expected_days
from watershed.cockpit.rendering import ENVIRONMENT
from watershed.declarations.rhythm import WEEKDAYS, Rhythm
from watershed.monitoring.reading import Queue, SourceReading
from watershed.monitoring.state import MonitorState
from watershed.warehouse.freshness import Freshness
from watershed.warehouse.ledger.history import utc_now

NOW = utc_now()
WEEK = timedelta(days=7)
PROMISE = timedelta(minutes=5)
SILENT = SourceReading("photo_events", timedelta(hours=1), timedelta(hours=5), NOW - timedelta(hours=5))


def see(waits: timedelta | None, is_answering: bool) -> MonitorState:
    """What a monitor says that looks now, of a table of which the oldest row that is not published waits so long."""
    now = utc_now()
    state = MonitorState(now, is_answering, (), {}, (SILENT,), (), Queue(), (), None, now)
    return replace(state, tables={"core.photo_events": Freshness(PROMISE, now - waits if waits else None)})


@pytest.mark.parametrize(
    ("waits", "is_answering", "shown"),
    [
        (None, True, "✓ fresh"),
        (timedelta(minutes=3), True, "✓ fresh"),
        (timedelta(minutes=35), True, "◷ late by 3"),
        (None, False, "? unwatched"),
        (None, None, "? unwatched"),  # there has never been a monitor
    ],
)
def test_a_table_is_late_by_what_waits(
    monkeypatch: pytest.MonkeyPatch, waits: timedelta | None, is_answering: bool | None, shown: str
) -> None:
    """Its last publish was long ago, and says nothing."""
    state = None if is_answering is None else see(waits, is_answering)
    one = find_declared("core.photo_events")
    published = tables.judge_table(one, Size(), {"published_at": NOW - WEEK}, 0)
    monkeypatch.setattr(tables, "judge_tables", lambda: {one.address: published})
    monkeypatch.setattr(ASKED, "monitor", (float("inf"), state))
    found = tables.list_conditions()[one.address]
    badge = ENVIRONMENT.get_template("charts.html").module.state_badge(found)  # type: ignore[attr-defined]
    assert shown in badge
    assert ("photo_events silent" in badge) == bool(is_answering)


def test_expected_days_are_those_that_are_over() -> None:
    today = NOW.date()
    first = today - WEEK
    every = list(list_expected_days([Rhythm(timedelta(hours=1))], [first]))
    assert every[0] == first + timedelta(days=1)
    assert today not in every and every[-1] >= today - timedelta(days=2)
    weekdays = list(list_expected_days([Rhythm(timedelta(hours=1), WEEKDAYS)], [first]))
    assert weekdays == [day for day in every if day.weekday() < 5]
    without = every[2]
    assert without not in list(list_expected_days([Rhythm(timedelta(hours=1), without=(without,))], [first]))
    assert list(list_expected_days([Rhythm(WEEK)], [date(2026, 1, 1)])) == []
