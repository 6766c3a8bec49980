"""What a run was asked to do, read from its context."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from watershed.airflow.schedules import DAILY, name_run, read_days, read_key


def make_context(run_type: str = "manual", key: str | None = None, **params: Any) -> Any:
    run = SimpleNamespace(dag_id="ingest_access_logs", run_id="manual__2026-11-22T10:06:38+00:00", run_type=run_type)
    return {"dag_run": run, "partition_key": key, "params": {"from_date": None, "to_date": None} | params}


DAY, NEXT = date(2015, 5, 17), date(2015, 5, 18)


@pytest.mark.parametrize(
    ("context", "days"),
    [
        pytest.param(make_context(), (None, None), id="a plain run takes what is new"),
        pytest.param(make_context("scheduled", "2026-11-21"), (None, None), id="so does the nightly one"),
        pytest.param(make_context("backfill", "2015-05-17"), (DAY, DAY), id="a backfill rebuilds its day"),
        pytest.param(make_context("manual", "2015-05-17"), (DAY, DAY), id="so does a person's run with a key"),
        pytest.param(make_context(from_date="2015-05-17", to_date="2015-05-18"), (DAY, NEXT), id="asked for days"),
        pytest.param(make_context(from_date="2015-05-17"), (DAY, DAY), id="one date is one day"),
        pytest.param(make_context(to_date="2015-05-18"), (NEXT, NEXT), id="whichever it is"),
    ],
)
def test_days_of_a_run(context: Any, days: tuple[date | None, date | None]) -> None:
    assert read_days(context) == days


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="from_date 2015-05-18 is after to_date 2015-05-17"):
        read_days(make_context(from_date="2015-05-18", to_date="2015-05-17"))


def test_a_key_is_a_day_or_all() -> None:
    assert read_key(make_context(key="all")) is None
    with pytest.raises(ValueError, match="'yesterday' is neither a day"):
        read_key(make_context(key="yesterday"))


def test_run_names_are_safe_in_keys() -> None:
    assert name_run(make_context()) == "ingest_access_logs.manual__2026-11-22T10-06-38-00-00"


def test_backfill_offers_every_day_of_its_range() -> None:
    from datetime import UTC, datetime

    from airflow.serialization.encoders import coerce_to_core_timetable

    first, last = datetime(2015, 5, 17, tzinfo=UTC), datetime(2015, 5, 20, tzinfo=UTC)
    offered = coerce_to_core_timetable(DAILY).iter_partition_dagrun_infos(earliest=first, latest=last)
    assert [info.partition_key for info in offered] == ["2015-05-17", "2015-05-18", "2015-05-19", "2015-05-20"]
