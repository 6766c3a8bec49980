"""Interactions in order, and what cannot be learned from."""

from datetime import datetime

import pyarrow as pa
import pytest

from models.recommender.evaluate import split_at, split_last
from models.recommender.interactions import arrange, prepare
from tests.models.recommender.taste import spell

ROWS = (("b", 30, 2.0), ("a", 10, 0.0), ("b", 10, 1.0), ("a", 20, 3.0), ("b", 20, 1.0))


def test_users_are_in_order_and_their_interactions_by_time_then_item() -> None:
    found = prepare(spell(*ROWS))
    assert found.users.to_pylist() == ["a", "b"]
    assert found.items.to_pylist() == [10, 20, 30]  # by falling number of users, then by id
    assert found.starts.tolist() == [0, 2, 5]
    assert found.item.tolist() == [0, 1, 0, 1, 2]
    assert (found.days - found.days[0]).tolist() == [0, 3, 1, 1, 2]


def test_a_pair_counts_once_with_its_latest_time_and_greatest_weight() -> None:
    found = prepare(spell((1, "x", 0), (1, "x", 5), (2, "x", 1), (2, "y", 2), weight=[3.0, 1.0, 1.0, 1.0]))
    assert len(found.item) == 3
    assert found.weight[0] == 3 and found.days[0] - found.days[1] == 4


def test_order_of_rows_changes_nothing() -> None:
    one, other = prepare(spell(*ROWS)), prepare(spell(*reversed(ROWS)))
    assert one.item.tolist() == other.item.tolist() and one.days.tolist() == other.days.tolist()


def test_times_may_be_seconds_or_missing() -> None:
    table = pa.table({"user_id": [1, 2], "item_id": [1, 2], "interacted_at": [86_400, 172_800]})
    assert prepare(table).days.tolist() == [1, 2]
    assert prepare(table.drop(["interacted_at"])).days.tolist() == [0, 0]
    dates = pa.array([1, 2], pa.int32()).cast(pa.date32())
    assert prepare(table.set_column(2, "interacted_at", dates)).days.tolist() == [1, 2]


def test_unknown_items_and_users_without_known_ones_are_left_out() -> None:
    found = arrange(spell(*ROWS), pa.array([20, 30]))
    assert found.users.to_pylist() == ["a", "b"]
    assert found.item.tolist() == [0, 0, 1]
    assert arrange(spell(*ROWS), pa.array([30])).users.to_pylist() == ["b"]
    assert found.find_users(["b", "nobody"]).tolist() == [1, -1]
    assert found.find_users([7]).tolist() == [-1]  # numbers where ids are texts


def test_the_last_interaction_is_held_out() -> None:
    train, held_out = split_last(spell(*ROWS, ("c", 10, 9.0)))
    assert held_out["user_id"].to_pylist() == ["a", "b"]
    assert held_out["item_id"].to_pylist() == [20, 30]
    assert sorted(train["user_id"].to_pylist()) == ["a", "b", "b", "c"]


def test_ties_in_time_are_broken_by_item() -> None:
    _, held_out = split_last(spell((1, "x", 0), (1, "z", 0), (1, "y", 0)))
    assert held_out["item_id"].to_pylist() == ["z"]


def test_a_split_by_time_holds_out_the_next_interaction_of_known_users() -> None:
    train, held_out = split_at(spell(*ROWS, ("c", 10, 9.0)), datetime(2024, 3, 5, 12))
    assert held_out.select(["user_id", "item_id"]).to_pylist() == [
        {"user_id": "a", "item_id": 20},
        {"user_id": "b", "item_id": 30},
    ]
    assert len(train) == 3


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (spell(*ROWS).slice(0, 0), "there are no interactions to learn from"),
        (spell((1, "x", 0), (1, "y", 0)), "all 2 interactions are of one user, 1"),
        (spell((1, "x", 0), (2, "x", 0)), "all 2 interactions are of one item, x"),
        (spell((1, "x", 0), (2, "y", 0), weight=[1.0, float("nan")]), "1 of 2 weights are not positive numbers"),
        (spell((1, "x", 0), (2, "y", 0), weight=[1.0, -1.0]), "1 of 2 weights are not positive numbers"),
        (spell((1, "x", 0), (None, "y", 0)), "1 of 2 interactions have no user_id"),
        (pa.table({"user_id": [1]}), "interactions have no column item_id"),
    ],
)
def test_what_cannot_be_learned_from_is_one_sentence(table: pa.Table, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        prepare(table)
