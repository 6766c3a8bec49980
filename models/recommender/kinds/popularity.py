"""What most people take: ever, which is the baseline, and around a moment, which is the trend that other kinds add.

For a moment after the data, such as now, only what was before it counts. For a user of a past time, what others did
shortly afterwards counts too, as it does in every model that learned from all of the data.
"""

import math

import numpy as np
import torch

from models.recommender.config import PopularityConfig
from models.recommender.interactions import Batch, Interactions
from models.recommender.kinds import Watcher

MOST_BINS = 256
BINS_A_SCALE = 8


def train(interactions: Interactions, config: PopularityConfig, watcher: Watcher) -> dict[str, torch.Tensor]:
    counts = np.bincount(interactions.item, minlength=len(interactions.items))
    return {"popularity": torch.from_numpy(counts.astype(np.float32) / len(interactions.users))}


def score_users(weights: dict[str, torch.Tensor], config: PopularityConfig, batch: Batch) -> torch.Tensor:
    """The share of users that took an item, [users, items]."""
    return weights["popularity"].repeat(len(batch.clock), 1)


def learn_trend(interactions: Interactions, trend_days: float) -> dict[str, torch.Tensor]:
    """Shares by bin of time and item, rows summing to 1; `trend_times` are the first bin's day and the bins' length."""
    first, last = float(interactions.days.min()), float(interactions.days.max())
    bins = min(MOST_BINS, 1 + math.ceil((last - first) / trend_days * BINS_A_SCALE))
    length = (last - first) / bins or 1.0
    counts = count_bins(interactions, first, length, bins)
    share = smooth(counts, math.exp(-length / trend_days))
    share /= share.sum(axis=1, keepdims=True)
    times = torch.tensor([first, length], dtype=torch.float64)
    return {"trend": torch.from_numpy(share.astype(np.float32)), "trend_times": times}


def count_bins(interactions: Interactions, first: float, length: float, bins: int) -> np.ndarray:
    items = len(interactions.items)
    place = np.minimum((interactions.days - first) / length, bins - 1).astype(np.int64)
    counts = np.bincount(place * items + interactions.item, minlength=bins * items)
    return counts.reshape(bins, items).astype(np.float64)


def smooth(counts: np.ndarray, decay: float) -> np.ndarray:
    """Sums over bins, each weighed by `decay` to the power of its distance."""
    forward, backward = counts.copy(), counts.copy()
    for number in range(1, len(counts)):
        forward[number] += decay * forward[number - 1]
        backward[-number - 1] += decay * backward[-number]
    return forward + backward - counts


def add_trend(scores: torch.Tensor, weights: dict[str, torch.Tensor], clock: torch.Tensor, factor: float) -> None:
    """Add `factor` times the shares around each user's clock (days) to scores[users, items], in place."""
    if factor:
        scores.add_(find_shares(weights, clock), alpha=factor)


def fill_unknown(
    scores: torch.Tensor, weights: dict[str, torch.Tensor], clock: torch.Tensor, unknown: torch.Tensor
) -> None:
    """Score users of whom nothing is known (a boolean each) by the shares alone, in place, however little these count
    for others: there is no other order of the items."""
    if unknown.any():
        scores[unknown] = find_shares(weights, clock[unknown])


def find_shares(weights: dict[str, torch.Tensor], clock: torch.Tensor) -> torch.Tensor:
    """The shares of all items around each user's clock (days), [users, items]."""
    first, length = weights["trend_times"].tolist()
    place = ((clock - first) / length).long().clamp(0, len(weights["trend"]) - 1)
    return weights["trend"][place.to(weights["trend"].device)]
