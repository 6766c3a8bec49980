"""How often a producer sends something: what makes its silence a fact, and a day without rows a missing one."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from watershed.errors import InvalidInput

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
WEEKDAYS = (0, 1, 2, 3, 4)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rhythm:
    """Something arrives at least once in `every`, on the days on which something is expected (UTC): those `weekdays`,
    Monday is 0, but for the days `without` data, such as holidays. Time on other days does not count as silence."""

    every: timedelta
    weekdays: tuple[int, ...] = EVERY_DAY
    without: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        """Raises InvalidInput where nothing would ever be expected."""
        if self.every <= timedelta() or not set(self.weekdays) & set(EVERY_DAY):
            raise InvalidInput("a rhythm needs an `every` above 0 and one of the weekdays 0 (Monday) to 6")

    def expects(self, day: date) -> bool:
        """Whether something is expected on a day."""
        return day.weekday() in self.weekdays and day not in self.without

    def expects_rows(self, day: date) -> bool:
        """Whether a day without rows is a missing one: where something comes less than daily, none is."""
        return self.every <= DAY and self.expects(day)

    def measure_silence(self, last: datetime, now: datetime) -> timedelta:
        """How much of the time since something arrived last counts."""
        silence, day = timedelta(), last.date()
        while day <= now.date():
            begin = datetime.combine(day, time())
            if self.expects(day):
                silence += max(timedelta(), min(now, begin + DAY) - max(last, begin))
            day += DAY
        return silence
