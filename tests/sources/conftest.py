"""A database of the test's own inside the running stack."""

from collections.abc import Iterator

import pytest

from tests.empty_lake import EmptyLake
from tests.sources.application import Application, open_application


@pytest.fixture
def application(module_lake: EmptyLake) -> Iterator[Application]:
    """An empty database, seen as the superuser."""
    with open_application(module_lake) as own:
        yield own
