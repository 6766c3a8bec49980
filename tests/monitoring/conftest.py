"""A desk that hears of alerts, and a watch over the module's lake."""

from collections.abc import Iterator

import pytest

from tests.empty_lake import EmptyLake, make_topics
from tests.monitoring.desk import Desk, Watch, open_desk


@pytest.fixture(scope="module")
def module_topics(module_lake: EmptyLake) -> dict[str, str]:
    return make_topics(module_lake)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with open_desk(monkeypatch) as desk:
        yield desk


@pytest.fixture
def watch(module_lake: EmptyLake, module_topics: dict[str, str], desk: Desk) -> Watch:
    """Of a lake in which nothing is wrong yet."""
    watch = Watch()
    watch.look()
    assert watch.watcher.reading.lake_problem is None
    assert desk.posts == []
    return watch
