"""A linear model from items to items, in closed form.

Each item is predicted from a user's other items by one ridge regression a column, all of which share one inverse
(Steck, Embarrassingly Shallow Autoencoders, WWW 2019). To that we add what moves: what users take soon after an item,
more weight for a user's latest items, and the items that everybody takes at the time.
"""

import numpy as np
import torch
from scipy.sparse import csr_array

from models.recommender.config import ItemItemConfig
from models.recommender.device import choose_device
from models.recommender.interactions import Batch, Interactions
from models.recommender.kinds import Watcher
from models.recommender.kinds.popularity import add_trend, fill_unknown, learn_trend

CHUNK = 500_000  # interactions, and columns, a product of sparse matrices, which bounds its memory
COLUMNS = 1000
SOON = 5  # an item follows another one when it is among the user's next five


def train(interactions: Interactions, config: ItemItemConfig, watcher: Watcher) -> dict[str, torch.Tensor]:
    """`similar[i, j]`: what having taken item i adds to item j, for the most frequent items; and the trend."""
    users_of = np.bincount(interactions.item, minlength=len(interactions.items))
    kept = max(1, min(int((users_of >= config.least_users).sum()), config.most_items))
    similar = invert(count_together(interactions, kept, config.user_power).to(choose_device()), config.regularization)
    if config.next_weight:
        add_following(similar, interactions, config)
    weights = {"similar": similar, **learn_trend(interactions, config.trend_days)}
    watcher.finish_epoch(1, 1, float("nan"), weights)
    return weights


def invert(gram: torch.Tensor, regularization: float) -> torch.Tensor:
    """The weights of all regressions, in the memory of the Gram matrix: LAPACK works in columns, of which a symmetric
    matrix that is told to be transposed has some already, and so no second square is made."""
    gram.diagonal().add_(regularization)
    columns = gram.mT
    torch.linalg.cholesky(columns, out=columns)
    torch.cholesky_inverse(columns, out=columns)
    gram /= -gram.diagonal().clone()
    return gram.cpu().fill_diagonal_(0)


def add_following(similar: torch.Tensor, interactions: Interactions, config: ItemItemConfig) -> None:
    """Add what is taken soon after an item, in place."""
    users_of = np.bincount(interactions.item, minlength=len(similar))
    following = count_following(interactions, len(similar)).tocoo()
    share = following.data / (users_of[following.row] + config.next_shrink)
    similar.numpy()[following.row, following.col] += config.next_weight * share.astype(np.float32)


def count_together(interactions: Interactions, kept: int, user_power: float) -> torch.Tensor:
    """How much two items are taken by the same users, [kept, kept]; a user with n interactions counts n ** -power."""
    counts = np.diff(interactions.starts)
    share = np.repeat(counts ** -(user_power / 2), counts) * interactions.weight
    gram = np.zeros((kept, kept), np.float32)
    for first, last in cut_users(interactions.starts):
        inside = slice(interactions.starts[first], interactions.starts[last])
        own = interactions.item[inside] < kept
        user = np.repeat(np.arange(last - first), counts[first:last])[own]
        places = user, interactions.item[inside][own]
        taken = csr_array((share[inside][own].astype(np.float32), places), shape=(last - first, kept))
        users_by_item, by_column = taken.T.tocsr(), taken.tocsc()
        for column in range(0, kept, COLUMNS):
            part = slice(column, column + COLUMNS)
            gram[:, part] += (users_by_item @ by_column[:, part]).toarray()
    return torch.from_numpy(gram)


def count_following(interactions: Interactions, kept: int) -> csr_array:
    """How often item j was taken soon after item i, [kept, kept]: the later, the less it counts. What has the same time
    has no order."""
    item, days, user = interactions.item, interactions.days, interactions.user
    following = csr_array((kept, kept), dtype=np.float32)
    for step in range(1, SOON + 1):
        gap = days[step:] - days[:-step]
        own = (user[step:] == user[:-step]) & (gap > 0) & (item[step:] < kept) & (item[:-step] < kept)
        nearness = 1 / (1 + gap[own]) / step**0.5
        places = item[:-step][own], item[step:][own]
        following += csr_array((nearness.astype(np.float32), places), shape=(kept, kept))
    return following


def cut_users(starts: np.ndarray) -> list[tuple[int, int]]:
    """Ranges of users that have about CHUNK interactions."""
    cuts = np.unique(np.searchsorted(starts, np.arange(0, starts[-1] + CHUNK, CHUNK)).clip(max=len(starts) - 1))
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))


def score_users(weights: dict[str, torch.Tensor], config: ItemItemConfig, batch: Batch) -> torch.Tensor:
    """[users, items]"""
    similar = weights["similar"]
    scores = torch.zeros(len(batch.clock), weights["trend"].shape[1])
    scores[:, : len(similar)] = sum_similar(similar, batch, batch.weigh_recent(config.recency_days))
    add_trend(scores, weights, batch.clock, config.trend_weight)
    unknown = torch.ones(len(scores), dtype=torch.bool)
    unknown[batch.find_rows()[batch.item < len(similar)]] = False
    fill_unknown(scores, weights, batch.clock, unknown)
    return scores


def sum_similar(similar: torch.Tensor, batch: Batch, weight: torch.Tensor) -> torch.Tensor:
    """The weighed sum of the rows of each user's items; a row of sums depends on no other user."""
    own = batch.item < len(similar)
    weight = torch.where(own, weight, 0)
    item = torch.where(own, batch.item, 0)
    return torch.nn.functional.embedding_bag(item, similar, batch.offsets, mode="sum", per_sample_weights=weight)
