"""How often a producer sends something: which silence counts, and which days are expected."""

from datetime import date, datetime, timedelta

import pytest

from watershed.declarations import load_sources
from watershed.declarations.rhythm import WEEKDAYS, Rhythm

DAY = timedelta(days=1)
FRIDAY = datetime(2026, 11, 27, 18)


@pytest.mark.parametrize(
    ("rhythm", "now", "silence"),
    [
        (Rhythm(DAY), FRIDAY, timedelta()),
        (Rhythm(DAY), FRIDAY + timedelta(hours=30), timedelta(hours=30)),
        (Rhythm(DAY, WEEKDAYS), datetime(2026, 11, 29, 23), timedelta(hours=6)),  # of a weekend nothing counts
        (Rhythm(DAY, WEEKDAYS), datetime(2026, 11, 30, 18), timedelta(hours=24)),
        (Rhythm(DAY, WEEKDAYS, (date(2026, 11, 30),)), datetime(2026, 12, 1, 1), timedelta(hours=7)),
        (Rhythm(timedelta(minutes=5)), FRIDAY + timedelta(minutes=7), timedelta(minutes=7)),
        (Rhythm(DAY), FRIDAY - timedelta(hours=1), timedelta()),  # a clock that is ahead of ours
        (Rhythm(DAY), datetime(2028, 11, 27, 18), timedelta(days=731)),
    ],
)
def test_silence_is_time_on_days_that_count(rhythm: Rhythm, now: datetime, silence: timedelta) -> None:
    assert rhythm.measure_silence(FRIDAY, now) == silence


def test_days_are_expected_as_declared() -> None:
    holiday = date(2026, 12, 25)
    rhythm = Rhythm(DAY, WEEKDAYS, (holiday,))
    days = [date(2026, 12, 21) + n * DAY for n in range(7)]
    assert [day.day for day in days if rhythm.expects_rows(day)] == [21, 22, 23, 24]
    assert not any(Rhythm(7 * DAY).expects_rows(day) for day in days)  # weekly: on which day, nobody said


def test_the_sample_misses_no_day_for_a_rhythm() -> None:
    """Its data end years ago: a source of it that is expected on every day would miss a thousand of them."""
    promised = {name: source.rhythm for name, source in load_sources().items() if source.rhythm}
    assert promised
    assert [name for name, rhythm in promised.items() if rhythm.expects_rows(date(2026, 11, 27))] == []


@pytest.mark.parametrize(("every", "weekdays"), [(timedelta(), WEEKDAYS), (DAY, ()), (DAY, (7,))])
def test_a_rhythm_that_expects_nothing_is_refused(every: timedelta, weekdays: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a rhythm needs"):
        Rhythm(every, weekdays)
