"""The written rule, both ways, at its edges."""

import math

import pyarrow as pa
import pytest

from models.recommender import PopularityConfig
from models.recommender.training import LEAST_USERS, apply_rule, measure_by_time
from tests.models.published import NOON

BETTER = {"value": 0.02, "low": 0.01, "high": 0.03}
ALIKE = {"value": -0.01, "low": -0.03, "high": 0.001}
WORSE = {"value": -0.02, "low": -0.03, "high": -0.001}


def test_the_first_model_needs_to_beat_popularity_only() -> None:
    judged = apply_rule(LEAST_USERS, 0.08, 0.08, None, None)
    assert (judged.state, judged.is_promoted) == ("champion", True)
    assert judged.reason == "it is the first; its NDCG@10 is 0.0800, popularity's 0.0800"


@pytest.mark.parametrize("difference", [BETTER, ALIKE], ids=["better", "alike"])
def test_what_is_not_worse_is_promoted(difference: dict[str, float]) -> None:
    judged = apply_rule(1000, 0.12, 0.08, 3, difference)
    assert judged.is_promoted
    assert "not worse than version 3" in judged.reason


@pytest.mark.parametrize(
    ("users", "ndcg", "difference", "why"),
    [
        (LEAST_USERS - 1, 0.12, BETTER, "only 19 users could be judged"),
        (1000, 0.0799, BETTER, "below popularity's 0.0800"),
        (1000, 0.12, WORSE, "worse than version 3: the difference of NDCG@10 is -0.0200 (-0.0300 to -0.0010)"),
        (1000, math.nan, BETTER, "below popularity's"),
        (1000, 0.12, {"value": math.nan, "low": math.nan, "high": math.nan}, "worse than version 3"),
    ],
)
def test_the_others_are_refused(users: int, ndcg: float, difference: dict[str, float], why: str) -> None:
    judged = apply_rule(users, ndcg, 0.08, 3, difference)
    assert (judged.state, judged.is_promoted) == ("refused", False)
    assert why in judged.reason


def test_where_all_happens_at_once_there_is_no_future() -> None:
    interactions = {"user_id": [1, 1, 2], "item_id": ["a", "b", "a"], "interacted_at": [NOON] * 3}
    assert measure_by_time(pa.table(interactions), PopularityConfig()) is None
