"""The baseline: items by the number of their users, the same for everybody."""

import numpy as np
import torch

from models.recommender.config import PopularityConfig
from models.recommender.history import Batch
from models.recommender.interactions import Interactions
from models.recommender.progress import Watcher


def train(interactions: Interactions, config: PopularityConfig, watcher: Watcher) -> dict[str, torch.Tensor]:
    counts = np.bincount(interactions.item, minlength=len(interactions.items))
    return {"popularity": torch.from_numpy(counts.astype(np.float32) / len(interactions.users))}


def score_users(weights: dict[str, torch.Tensor], config: PopularityConfig, batch: Batch) -> torch.Tensor:
    """The share of users that took an item, [users, items]."""
    return weights["popularity"].repeat(len(batch.clock), 1)
