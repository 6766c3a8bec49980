"""What a model knows of some users when it scores all items for them."""

from dataclasses import dataclass

import numpy as np
import torch

from models.recommender.interactions import Interactions


@dataclass(frozen=True)
class Batch:
    """Histories of a few users. `item`, `weight` and `age` (days before the user's latest interaction) have an entry an
    interaction; those of user u start at `offsets[u]`. `clock`: the moment, in days since 1970, to predict for.
    """

    item: torch.Tensor
    weight: torch.Tensor
    age: torch.Tensor
    offsets: torch.Tensor
    clock: torch.Tensor

    def weigh_recent(self, recency_days: float | None) -> torch.Tensor:
        """The interactions' weights, half for those that are `recency_days` older than the user's latest."""
        return self.weight if recency_days is None else self.weight / (1 + self.age / recency_days)

    def mark_seen(self, scores: torch.Tensor) -> None:
        """Put what the users have taken last, in place."""
        scores[self.find_rows(), self.item] = -torch.inf

    def count_items(self) -> torch.Tensor:
        """How many interactions each user has."""
        return torch.cat([self.offsets, torch.tensor([len(self.item)])]).diff()

    def find_rows(self) -> torch.Tensor:
        """The user's row of each interaction."""
        return torch.repeat_interleave(torch.arange(len(self.clock)), self.count_items())


def make_batch(history: Interactions, users: np.ndarray, last_day: float, as_of: float | None) -> Batch:
    """The histories of the users with these indexes, -1 for one without any. The clock is `as_of` for everybody, else
    each user's own latest interaction; without a history it is `last_day`."""
    first = np.where(users >= 0, history.starts[users], 0)
    counts = np.where(users >= 0, history.starts[users + 1] - first, 0)
    offsets = np.cumsum(counts) - counts
    places = np.repeat(first - offsets, counts) + np.arange(counts.sum())
    days = history.days[places]
    latest = np.full(len(users), last_day)
    taken = counts > 0
    latest[taken] = history.days[(first + counts - 1)[taken]]
    clock = latest if as_of is None else np.full(len(users), as_of)
    return Batch(
        item=torch.from_numpy(history.item[places].astype(np.int64)),
        weight=torch.from_numpy(history.weight[places]),
        age=torch.from_numpy((np.repeat(latest, counts) - days).astype(np.float32)),
        offsets=torch.from_numpy(offsets.astype(np.int64)),
        clock=torch.from_numpy(clock),
    )
