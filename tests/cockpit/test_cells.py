"""A cell is found by a key that people can write into an address."""

from datetime import date

import pytest

from watershed.cockpit.questions.cells import read_day
from watershed.warehouse.schema.marts import find_mart


def test_a_day_is_read_from_a_key() -> None:
    hourly = find_mart("traffic_hourly")
    assert read_day(hourly, {"hour_at": "2025-11-01 10:00:00"}) == date(2025, 11, 1)
    assert read_day(hourly, {"hour_at": None}) is None
    assert read_day(find_mart("storage_by_user"), {"user_id": 1}) is None


@pytest.mark.parametrize("day", ["infinity", "10000-01-01", "0044-03-15 (BC)", "x", 7])
def test_what_is_no_day_is_told_so(day: object) -> None:
    with pytest.raises(LookupError, match=r"mart\.traffic_hourly has no day"):
        read_day(find_mart("traffic_hourly"), {"hour_at": day})
