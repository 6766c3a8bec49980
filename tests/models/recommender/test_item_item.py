"""The item-item model: what follows what, and how much memory a square of items takes."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from models.recommender import ItemItemConfig, fit
from models.recommender.interactions import prepare
from models.recommender.kinds.item_item import count_following, invert
from tests.models.recommender.taste import draw_world, spell

NEXT = ItemItemConfig(least_users=1, next_weight=5.0)


def test_weights_are_those_of_the_regressions() -> None:
    """Beside the inverse in double precision."""
    rows = torch.randn(300, 40, generator=torch.Generator().manual_seed(0))
    gram = rows.T @ rows
    inverse = torch.linalg.inv(gram.double() + 7 * torch.eye(40, dtype=torch.float64))
    expected = (inverse / -inverse.diagonal()).fill_diagonal_(0)
    torch.testing.assert_close(invert(gram.clone(), 7).double(), expected, rtol=1e-3, atol=1e-5)


def test_the_inverse_takes_the_place_of_the_gram_matrix() -> None:
    gram = torch.eye(50) + 1
    place = gram.data_ptr()
    assert invert(gram, 1).data_ptr() == place


@pytest.mark.parametrize("most", [1, 30, 10_000])
def test_the_square_is_of_the_most_frequent_items_only(most: int) -> None:
    history = prepare(draw_world(users=200, items=80, each=8))
    kept = int((np.bincount(history.item) >= 3).sum())
    similar = fit(draw_world(users=200, items=80, each=8), ItemItemConfig(most_items=most)).weights["similar"]
    assert similar.shape == (min(most, kept), min(most, kept))
    assert similar.element_size() * similar.nelement() <= 4 * most**2
    assert similar.untyped_storage().nbytes() == similar.element_size() * similar.nelement()


def test_what_follows_soon_counts() -> None:
    history = prepare(spell((1, "a", 0), (1, "b", 1), (1, "c", 3), (2, "a", 5), (2, "b", 5.5)))
    found = count_following(history, 3).toarray()
    a, b, c = history.find_items(["a", "b", "c"])
    assert found[a, b] == pytest.approx(1 / 2 + 1 / 1.5)
    assert found[b, c] == pytest.approx(1 / 3)
    assert found[a, c] == pytest.approx(1 / 4 / 2**0.5)
    assert found[b, a] == found[c, a] == 0


@pytest.mark.parametrize("how", ["no times", "one time", "one time a user"])
def test_what_has_the_same_time_has_no_order(how: str) -> None:
    """Rows are in some order always; it is none of the items."""
    table = draw_world(sequence=0.9, users=100, items=30, each=6).select(["user_id", "item_id"])
    if how != "no times":
        users = table["user_id"].to_numpy()
        table = table.append_column("interacted_at", pa.array(users * 1000 if "user" in how else users * 0 + 7))
    assert count_following(prepare(table), 30).nnz == 0
    plain = fit(table, ItemItemConfig(least_users=1)).weights["similar"]
    assert torch.equal(fit(table, NEXT).weights["similar"], plain)


def test_a_user_of_unknown_items_gets_what_most_people_take() -> None:
    rows = [(user, item, 0) for user in range(9) for item in ("a", "b", "c")[: 1 + user % 3]]
    model = fit(spell(*rows, (99, "rare", 0)), ItemItemConfig(least_users=3))
    assert model.recommend([99], 3)["item_id"].to_pylist() == ["a", "b", "c"]
