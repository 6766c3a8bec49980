"""Which marts a run of `build_marts` starts."""

from types import SimpleNamespace
from typing import Any

import pytest

from watershed.airflow.marts import select_marts


def make_mart(address: str, day: str | None, inputs: tuple[str, ...], lookups: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(address=address, day=day, inputs=inputs, lookups=lookups)


MARTS = [
    make_mart("core.films", None, ("core.minutes", "core.ratings")),
    make_mart("mart.popularity", "watched_date", ("core.minutes",), lookups=("core.films",)),
    make_mart("mart.film_ratings", None, ("core.ratings",), lookups=("core.films",)),
    make_mart("mart.top_pages", "requested_date", ("core.requests",)),
    make_mart("mart.page_history", None, ("mart.top_pages",)),
]


@pytest.mark.parametrize(
    ("kind", "changed", "started"),
    [
        pytest.param("day", {"core.requests": True}, ["mart.top_pages"], id="a day: its daily marts"),
        pytest.param("day", {"core.minutes": True}, ["core.films", "mart.popularity"], id="after what they look up"),
        pytest.param(
            "whole", {"core.ratings": True}, ["core.films", "mart.film_ratings"], id="all: marts without days"
        ),
        pytest.param("whole", {"core.minutes": True}, ["core.films"], id="all: no daily mart"),
        pytest.param("whole", {"core.minutes": False}, ["core.films", "mart.popularity"], id="all: too many days"),
        pytest.param("whole", {"core.requests": True}, ["mart.top_pages", "mart.page_history"], id="marts of marts"),
        pytest.param("day", {"core.photos": True}, [], id="nothing reads it"),
        pytest.param("everything", {}, [m.address for m in MARTS], id="a person's run: all"),
        pytest.param("day", {}, ["core.films", "mart.popularity", "mart.top_pages"], id="a person's day"),
        pytest.param(
            "whole", {}, ["core.films", "mart.film_ratings", "mart.top_pages", "mart.page_history"], id="a person's all"
        ),
    ],
)
def test_selection(kind: Any, changed: dict[str, bool], started: list[str]) -> None:
    assert [mart.address for mart in select_marts(MARTS, changed, kind)] == started


def test_tables_without_daily_marts_start_one_run() -> None:
    from airflow.sdk import FixedKeyMapper, IdentityMapper

    from watershed.airflow.assets import core_asset
    from watershed.airflow.marts import listen_to_tables

    timetable = listen_to_tables()
    assert isinstance(timetable.partition_mapper_config[core_asset("ratings")], FixedKeyMapper)
    assert core_asset("requests") not in timetable.partition_mapper_config
    assert isinstance(timetable.default_partition_mapper, IdentityMapper)
