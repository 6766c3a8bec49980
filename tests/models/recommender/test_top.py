"""The best few of many scores, beside sorting all of them."""

import pytest
import torch

from models.recommender.top import CHUNK, find_top


@pytest.mark.parametrize("columns", [1, 5, 20, 40 * CHUNK, 50 * CHUNK + 1, 1999])
@pytest.mark.parametrize("k", [1, 10, 20])
def test_the_best_are_found(columns: int, k: int) -> None:
    scores = torch.randn(37, columns, generator=torch.Generator().manual_seed(columns))
    best, place = find_top(scores, k)
    assert best.shape == (37, min(k, columns))
    assert torch.equal(best.sort(1, descending=True).values, scores.sort(1, descending=True).values[:, :k])
    assert torch.equal(scores.gather(1, place), best)
    assert all(len(set(row)) == len(row) for row in place.tolist())


def test_rows_do_not_depend_on_each_other_even_with_ties() -> None:
    scores = torch.randint(0, 5, (300, 2000), generator=torch.Generator().manual_seed(0)).float()
    scores[:, 7::3] = -torch.inf
    _, together = find_top(scores, 20)
    for row in range(0, 300, 30):
        assert set(find_top(scores[row : row + 1], 20)[1][0].tolist()) == set(together[row].tolist())
