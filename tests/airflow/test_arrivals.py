"""How arrivals name the runs that they start."""

from datetime import datetime

from watershed.airflow.arrivals import list_watched, name_offer

NOW = datetime(2026, 11, 22, 10, 15)


def test_the_same_objects_are_offered_once_an_hour() -> None:
    name = name_offer(["raw/a/1", "raw/a/2"], NOW)
    assert name.startswith("arrivals__2026-11-22T10__2_objects_")
    assert name_offer(["raw/a/2", "raw/a/1"], NOW.replace(minute=59)) == name
    assert name_offer(["raw/a/1", "raw/a/3"], NOW) != name
    assert name_offer(["raw/a/1", "raw/a/2"], NOW.replace(hour=11)) != name


def test_databases_and_topics_are_not_watched() -> None:
    assert "access_logs" in list_watched()
    assert not {"accounts", "photo_events", "watch_events"} & set(list_watched())
