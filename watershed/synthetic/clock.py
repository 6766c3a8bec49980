"""When things happen: a day's curve of activity, and moments as text."""

from datetime import date, datetime, timedelta

import numpy as np

from watershed.synthetic.lines import Texts, join_texts, make_texts, pick_texts

DAY_SECONDS = 86_400
HOUR_WEIGHTS = np.array([6, 4, 3, 2, 2, 2, 3, 5, 6, 7, 7, 8, 9, 9, 9, 9, 10, 12, 15, 19, 22, 21, 16, 10], float)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_TIMES = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(DAY_SECONDS)]
TIMES = make_texts([*_TIMES, *(t[:5] for t in _TIMES)])  # each second of a day, then the same to the minute only


def draw_seconds(rng: np.random.Generator, count: int) -> np.ndarray:
    """Seconds of a day, most of them in the evening; unordered."""
    filled = np.concatenate([[0.0], np.cumsum(HOUR_WEIGHTS)]) / HOUR_WEIGHTS.sum()
    return np.interp(rng.random(count), filled, np.arange(25) * 3600.0).astype(np.int64)


def order_as_logged(rng: np.random.Generator, seconds: np.ndarray) -> np.ndarray:
    """The order in which a server writes lines: by time, except that some are up to two seconds late."""
    late = np.where(rng.random(len(seconds)) < 0.05, rng.integers(0, 3, len(seconds)), 0)
    return np.argsort(seconds + late, kind="stable")


def format_times(seconds: np.ndarray, to_minute: np.ndarray | bool = False) -> Texts:
    """`13:44:14`, or `13:44` where `to_minute` is true."""
    return pick_texts(TIMES, seconds + DAY_SECONDS * to_minute)


def format_apache_day(day: date) -> str:
    return f"{day.day:02}/{MONTHS[day.month - 1]}/{day.year}:"


def format_apache_times(day: date, seconds: np.ndarray, zone_hours: int) -> Texts:
    """`25/Jun/2020:15:44:14 +0200` for seconds of a UTC day, told in a zone east of it."""
    local = seconds + zone_hours * 3600
    days = make_texts([format_apache_day(day), format_apache_day(day + timedelta(days=1))])
    zone = f" +{zone_hours:02}00".encode()
    return join_texts(pick_texts(days, local // DAY_SECONDS), pick_texts(TIMES, local % DAY_SECONDS), zone)


def find_epoch(day: date) -> int:
    """Seconds from 1970 to the start of the day, in UTC."""
    return int((datetime(day.year, day.month, day.day) - datetime(1970, 1, 1)).total_seconds())


def format_moment(epoch: int) -> str:
    """`2020-06-25T13:44:14Z` for seconds since 1970."""
    return f"{datetime(1970, 1, 1) + timedelta(seconds=epoch):%Y-%m-%dT%H:%M:%SZ}"
