"""Times that PostgreSQL has and others do not: none becomes another one, and none ends an extraction."""

import pytest

from tests.sources.application import Application

pytestmark = pytest.mark.servers

BOOKINGS = """
    create table bookings (
        id int primary key, seen_at timestamptz, left_at timestamp(3), day date, days daterange, updated_at timestamptz
    );
    insert into bookings values
        (1, '294276-12-31 23:59:59.999999+00', '294276-12-31 23:59:59', '5874897-12-31', '[2026-01-01,)', now()),
        (2, 'infinity', '-infinity', 'infinity', '(,)', '-infinity'),
        (3, '4713-01-01 00:00:00+00 BC', '0001-01-01 BC', '4713-01-01 BC', 'empty', 'infinity'),
        (4, '294246-12-31 23:59:59.999999+00', '10000-01-01', '0001-01-01', null, '12000-01-01');
"""
SEEN = [
    ("infinity", "infinity", "5874897-12-31", "[2026-01-01,)"),
    ("infinity", "-infinity", "infinity", "(,)"),
    ("4713-01-01 (BC) 00:00:00", "0001-01-01 (BC) 00:00:00", "4713-01-01 (BC)", "empty"),
    ("294246-12-31 23:59:59.999999", "10000-01-01 00:00:00", "0001-01-01", None),
]


def test_no_time_becomes_another(application: Application) -> None:
    application.execute(BOOKINGS)
    first = application.take()
    columns = "seen_at::VARCHAR, left_at::VARCHAR, day::VARCHAR, days"
    assert application.read_rows(first, "bookings", columns) == SEEN


@pytest.mark.parametrize("moment", ["12000-01-01", "294276-12-31", "infinity", "-infinity", "0044-03-15 BC"])
def test_an_increment_of_an_odd_change_time_brings_its_row(application: Application, moment: str) -> None:
    application.execute("create table visits (id int primary key, place text, updated_at timestamptz default now())")
    application.execute("insert into visits values (1, 'a'), (2, 'b')")
    first = application.take()
    application.execute(f"update visits set place = 'c', updated_at = '{moment}' where id = 2")
    second = application.take(first)
    assert application.read_rows(second, "visits", "id, place") == [(2, "c")]
    application.execute("insert into visits values (3, 'd')")
    assert application.read_rows(application.take(second), "visits", "id, place") == [(3, "d")]
