"""When a training is due."""

import re
from dataclasses import replace

import pytest

from tests.quality.staged import GOOD
from watershed.flows.models.plan_training import judge_need
from watershed.models.registry import Version

LAST = Version(**{"code_commit": None, **GOOD["models"], "row_count": 1000, "state": "champion"})


@pytest.mark.parametrize(
    ("count", "last", "is_drifted", "is_due", "why"),
    [
        (0, None, False, False, "there are no interactions yet"),
        (1, None, False, True, "no version has been trained yet"),
        (1049, LAST, False, False, r"1,049 interactions, \+4.9% since version 2 was trained; 5% more are enough"),
        (1050, LAST, False, True, r"1,050 interactions, \+5.0% since version 2"),
        (900, LAST, False, False, "-10.0% since version 2"),
        (900, LAST, True, True, "what the champion sees has drifted since version 2 was trained"),
        (900, replace(LAST, state="refused"), True, False, "-10.0% since version 2"),
    ],
)
def test_the_need(count: int, last: Version | None, is_drifted: bool, is_due: bool, why: str) -> None:
    found, reason = judge_need("interactions", count, last, is_drifted)
    assert found == is_due
    assert re.search(why, reason)
