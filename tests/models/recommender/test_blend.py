"""Two kinds at once: what each says of a user counts in that user's own measure."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.recommender import BlendConfig, FactorsConfig, ItemItemConfig, fit, load, split_last
from models.recommender.kinds.blend import standardize
from models.recommender.progress import fit_recorded
from tests.models.recommender.taste import draw_world

CONFIG = BlendConfig(item_item=ItemItemConfig(trend_weight=1), factors=FactorsConfig(factors=8, epochs=4))


def test_a_row_is_measured_by_itself() -> None:
    scores = torch.randn(7, 500, generator=torch.Generator().manual_seed(0)) * 5 + 3
    found = standardize(scores.clone())
    torch.testing.assert_close(found.mean(1), torch.zeros(7), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(1, correction=0), torch.ones(7), atol=1e-4, rtol=0)
    for row in range(7):
        assert torch.equal(standardize(scores[row : row + 1].clone())[0], found[row])
    assert not standardize(torch.full((2, 9), 4.0)).any()


@pytest.mark.parametrize(("share", "part"), [(0.0, CONFIG.item_item), (1.0, CONFIG.factors)])
def test_a_share_of_nothing_or_all_is_one_of_both(share: float, part: ItemItemConfig | FactorsConfig) -> None:
    table = draw_world(users=150, items=50)
    blend, alone = fit(table, replace(CONFIG, factors_share=share)), fit(table, part)
    users = range(0, 150, 10)
    assert blend.recommend(users, 5)["item_id"].equals(alone.recommend(users, 5)["item_id"])


def test_it_is_as_large_as_both() -> None:
    table = draw_world(users=150, items=50)
    sizes = [sum(t.nelement() for t in fit(table, c).weights.values()) for c in (CONFIG.item_item, CONFIG.factors)]
    assert sum(t.nelement() for t in fit(table, CONFIG).weights.values()) < sum(sizes)


def test_its_epochs_are_watched_and_go_on(tmp_path: Path) -> None:
    train, held_out = split_last(draw_world(users=150, items=50))
    whole, curve = fit_recorded(train, CONFIG, held_out, is_shown=False)
    assert [point.epoch for point in curve] == [1, 2, 3, 4]
    assert all(np.isfinite(point.loss) and point.metric for point in curve)
    states = str(tmp_path / "states")
    fit_recorded(train, CONFIG, held_out, states, is_shown=False)
    again, rest = fit_recorded(train, CONFIG, held_out, states, is_shown=False)  # goes on from the third epoch
    assert [p.loss for p in rest] == [p.loss for p in curve]
    assert again.save(str(tmp_path / "a")) == whole.save(str(tmp_path / "b"))
    assert load(str(tmp_path / "a")).config == CONFIG
