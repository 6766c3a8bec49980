"""Moments are UTC in the page, marked so that a browser shows them in the viewer's zone; days are left alone."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from watershed.cockpit.moments import find_end, show_ago, show_clock, show_moment, show_sentence
from watershed.cockpit.rendering import TEMPLATES

MOMENT = datetime(2026, 3, 29, 0, 59, 59, 999_999)


def test_a_moment_is_told_in_utc_and_marked() -> None:
    spelled = "2026-03-29 00:59:59 UTC"
    begin, end = f'<time datetime="2026-03-29T00:59:59Z" title="{spelled}, ', f' ago">{spelled}</time>'
    assert show_moment(MOMENT).startswith(begin) and show_moment(MOMENT).endswith(end)
    assert show_moment(None) == "–" and show_ago(None) == "never" and show_clock(None) == "an unknown time"


def test_how_long_ago_something_was_tells_when_on_hover() -> None:
    then = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=5, minutes=1)
    assert f'title="{then:%Y-%m-%d %H:%M:%S} UTC">5 h ago</time>' in show_ago(then)
    assert f"{then:%H:%M} UTC</time>" in show_clock(then)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "<b> waits since 2026-11-27 18:05 UTC, & 2026-11-27 18:05:09 UTC",
            '&lt;b&gt; waits since <time datetime="2026-11-27T18:05:00Z" data-form="minute"'
            ' title="2026-11-27 18:05:00 UTC">2026-11-27 18:05 UTC</time>, &amp; <time datetime="2026-11-27T18:05:09Z"'
            ' title="2026-11-27 18:05:09 UTC">2026-11-27 18:05:09 UTC</time>',
        ),
        ("the 2026-11-27 of 2026-11-27 18:05", "the 2026-11-27 of 2026-11-27 18:05"),  # a day, and nobody says whose
        ("start `watershed run <x>`", "start <code>watershed run &lt;x&gt;</code>"),
        ("at 2026-13-27 18:05 UTC", "at 2026-13-27 18:05 UTC"),
    ],
)
def test_moments_are_found_in_sentences(sentence: str, shown: str) -> None:
    assert show_sentence(sentence) == shown


def test_attributes_hold_no_elements() -> None:
    """`moment`, `clock` and `ago` make elements."""
    inside = re.compile(r'="(?:[^"{]|\{\{[^}]*\}\}|\{%[^%]*%\})*?\|(?:moment|clock|ago|told)\b')
    assert [path.name for path in TEMPLATES.iterdir() if inside.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        (date(2026, 3, 28), "UTC", datetime(2026, 3, 29)),
        (date(2026, 3, 28), "Asia/Tokyo", datetime(2026, 3, 28, 15)),
        (date(2026, 3, 28), "America/New_York", datetime(2026, 3, 29, 4)),
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 29, 22)),  # a day of 23 hours
        (date.max, "Asia/Tokyo", datetime(9999, 12, 29, 15)),
    ],
)
def test_a_day_ends_where_the_viewer_is(day: date, zone: str, end: datetime) -> None:
    assert find_end(day, zone) == end


@pytest.mark.parametrize("zone", ["Nowhere/City", "../etc/passwd", "/etc/passwd", "Europe", "", "a\0b", "x" * 9000])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        find_end(date(2026, 3, 28), zone)
