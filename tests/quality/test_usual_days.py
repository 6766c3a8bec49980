"""What makes a day unusual."""

from datetime import date, timedelta

import pytest

from watershed.quality.adapter.expectations import find_unusual_days

DAY = date(2020, 6, 25)
WEEK = {DAY - timedelta(days=n): 100 for n in range(1, 8)}


@pytest.mark.parametrize(
    ("rows", "today", "is_usual"),
    [
        (100, DAY + timedelta(1), True),
        (500, DAY + timedelta(1), True),
        (501, DAY + timedelta(1), False),
        (20, DAY + timedelta(1), True),
        (19, DAY + timedelta(1), False),
        (19, DAY, True),  # the day may still be filling
        (501, DAY, False),
    ],
)
def test_the_band(rows: int, today: date, is_usual: bool) -> None:
    assert (find_unusual_days({DAY: rows}, WEEK, today) == []) == is_usual


def test_published_rows_of_the_day_count() -> None:
    assert find_unusual_days({DAY: 10}, {**WEEK, DAY: 90}, DAY + timedelta(1)) == []


def test_few_or_old_days_say_nothing() -> None:
    few = {DAY - timedelta(days=n): 100 for n in (1, 2)}
    old = {DAY - timedelta(days=n): 100 for n in range(29, 60)}
    assert find_unusual_days({DAY: 1}, few | old, DAY + timedelta(1)) == []


def test_days_of_the_same_load_are_compared() -> None:
    loaded = {**WEEK, DAY: 5000}
    assert find_unusual_days(loaded, {}, DAY) == ["2020-06-25 has 5,000 rows where 100 are usual"]
