"""Fresh has one meaning on pages: by what waits, as the monitor says; and a day is missing where one was expected."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cockpit import tables
from cockpit.catalogue import Size
from cockpit.declared import find_declared
from cockpit.outages import ASKED
from cockpit.partitions import list_expected_days
from cockpit.rendering import ENVIRONMENT
from contracts.rhythm import WEEKDAYS, Rhythm
from monitoring.reading import Queue, SourceReading
from monitoring.state import MonitorState
from warehouse.freshness import Freshness
from warehouse.ledger import utc_now

NOW = utc_now()
WEEK = timedelta(days=7)
PROMISE = timedelta(minutes=5)
SILENT = SourceReading("photo_events", timedelta(hours=1), timedelta(hours=5), NOW - timedelta(hours=5))


def see(freshness: Freshness, is_answering: bool = True) -> MonitorState:
    state = MonitorState(NOW, is_answering, (), {}, (SILENT,), (), Queue(), (), None, NOW)
    return replace(state, tables={"core.photo_events": freshness})


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (see(Freshness(PROMISE)), "✓ fresh"),
        (see(Freshness(PROMISE, NOW - timedelta(minutes=3))), "✓ fresh"),
        (see(Freshness(PROMISE, NOW - timedelta(minutes=35))), "◷ late by 3"),
        (see(Freshness(PROMISE), is_answering=False), "? unwatched"),
        (None, "? unwatched"),
    ],
)
def test_a_table_is_late_by_what_waits(
    monkeypatch: pytest.MonkeyPatch, state: MonitorState | None, shown: str
) -> None:
    """Its last publish was long ago, and says nothing."""
    one = find_declared("core.photo_events")
    published = tables.judge_table(one, Size(), {"published_at": NOW - WEEK}, 0)
    monkeypatch.setattr(tables, "judge_tables", lambda: {one.address: published})
    monkeypatch.setattr(ASKED, "monitor", (float("inf"), state))
    found = tables.list_conditions()[one.address]
    badge = ENVIRONMENT.get_template("charts.html").module.state_badge(found)  # type: ignore[attr-defined]
    assert shown in badge
    assert ("photo_events silent" in badge) == bool(state and state.is_answering)


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
