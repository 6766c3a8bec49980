"""The item-item model and the factors at once. Where one is wrong the other often is not, so that both together are a
little better than the better one; what it costs is the time and the memory of both."""

import torch
from torch import Tensor

from models.recommender.config import BlendConfig
from models.recommender.interactions import Batch, Interactions
from models.recommender.kinds import SILENT, Watcher, factors, item_item

TINY = 1e-12


def train(interactions: Interactions, config: BlendConfig, watcher: Watcher) -> dict[str, Tensor]:
    """The weights of both kinds, whose names differ but for the trend, which is one. The epochs are the factors'."""
    own = factors.train(interactions, config.factors, watcher)
    return own | item_item.train(interactions, config.item_item, SILENT)


def score_users(weights: dict[str, Tensor], config: BlendConfig, batch: Batch) -> Tensor:
    """[users, items], in standard deviations of the user's own scores."""
    scores = standardize(item_item.score_users(weights, config.item_item, batch)).mul_(1 - config.factors_share)
    own = standardize(factors.score_users(weights, config.factors, batch).cpu())
    return scores.add_(own, alpha=config.factors_share)


def standardize(scores: Tensor) -> Tensor:
    """Each row less its mean, by its standard deviation, in place.

    By numpy, which adds up a row the same way whatever rows are beside it; torch shares a single one among its threads.
    """
    rows = scores.numpy()
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= (rows**2).mean(axis=1, keepdims=True) ** 0.5 + TINY
    return torch.from_numpy(rows)
