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
def watch(request: pytest.FixtureRequest, module_lake: EmptyLake, desk: Desk) -> Watch:
    """That has looked once; what tests before have left behind is told and forgotten. It looks at topics, which takes a
    second, where the test asks for `module_topics`."""
    watch = Watch()
    if "module_topics" not in request.fixturenames:
        watch.watcher.topics = []
    watch.look()
    assert watch.watcher.reading.lake_problem is None
    desk.posts.clear()
    desk.mails.clear()
    return watch
