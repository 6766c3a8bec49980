"""Places where tests let a process die exist: a renamed function would let it live."""

from importlib import import_module

import pytest

from tests.faults import test_kill, test_stream_kill

PLACES = sorted({*test_kill.DEATHS, *test_stream_kill.DEATHS, *test_stream_kill.MORE_DEATHS})


@pytest.mark.parametrize("place", PLACES)
def test_a_place_to_die_exists(place: str) -> None:
    module, path, *_ = place.split(":")
    owner: object = import_module(module)
    for name in path.split("."):
        owner = getattr(owner, name)
    assert callable(owner)
