"""A trained model: weights, which training made, and histories, which may be newer. It scores and recommends.

A kind of model is a module of its own name (`item_item`, `factors`, `blend`, `popularity`) with two functions, `train`
and `score_users`. What is predicted for a user depends on the weights and that user's history alone, to the last bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from models.recommender.config import Config
from models.recommender.history import Batch, make_batch
from models.recommender.interactions import DAY_S, Interactions, arrange, as_array
from models.recommender.progress import Watcher
from models.recommender.top import find_top
from models.recommender.weights import read_file, write_file
from watershed.errors import InvalidInput

SCORES_AT_ONCE = 4_000_000  # users times items of a batch: 16 MB, which stay in the processor's cache for a while


@dataclass(frozen=True)
class Model:
    """`last_day`: the latest interaction that training saw, in days since 1970."""

    config: Config
    weights: dict[str, torch.Tensor]
    history: Interactions
    last_day: float

    @property
    def items(self) -> pa.Array:
        """The ids of the items that it knows."""
        return self.history.items

    @property
    def as_of(self) -> datetime:
        """The latest interaction that training saw, in UTC: the present, as far as the model knows."""
        return datetime.fromtimestamp(self.last_day * DAY_S, UTC).replace(tzinfo=None)

    def score(self, user_ids: Any, item_ids: Any) -> np.ndarray:
        """How much each user would take to the item beside it: float32, comparable for one user only.

        The moment is the user's latest interaction. A user without a history is scored as everybody is at the end of
        the training data; an item that the model does not know scores 0, as one that nobody took.
        """
        users, items = self.history.find_users(user_ids), self.history.find_items(item_ids)
        if len(users) != len(items):
            raise InvalidInput(f"{len(users)} users and {len(items)} items are not pairs")
        scores = np.zeros(len(users), np.float32)
        asked, row = np.unique(users, return_inverse=True)
        order = np.argsort(row, kind="stable")
        starts = np.searchsorted(row[order], np.arange(len(asked) + 1))
        for first, batch in self.cut_batches(asked, None):
            pairs = order[starts[first] : starts[first + len(batch.clock)]]
            found = score_batch(self, batch).numpy()[row[pairs] - first, items[pairs]]
            scores[pairs] = np.where(items[pairs] >= 0, found, 0)
        return scores

    def recommend(self, user_ids: Any, k: int, exclude_seen: bool = True, as_of: datetime | None = None) -> pa.Table:
        """The `k` best items of each user: user_id, rank (from 1), item_id, score; fewer where no more are left.

        The moment is `as_of` (UTC) for everybody, by default each user's latest interaction. A user without a history
        gets what is taken most at the end of the training data, or at `as_of`. Ties go to the more frequent item.
        """
        ids = as_array(user_ids)
        users = self.history.find_users(ids)
        moment = None if as_of is None else as_of.replace(tzinfo=UTC).timestamp() / DAY_S
        # Made at once: small results that outlive each batch's scores would leave holes all over the memory.
        shape = len(users), min(k, len(self.items))
        item, score = np.empty(shape, np.int64), np.empty(shape, np.float32)
        for first, batch in self.cut_batches(users, moment):
            own = slice(first, first + len(batch.clock))
            item[own], score[own] = choose_best(score_batch(self, batch), batch, k, exclude_seen)
        return self.name_best(ids, item, score)

    def cut_batches(self, users: np.ndarray, moment: float | None) -> Iterator[tuple[int, Batch]]:
        """The first place and the histories of as many users as fit."""
        step = max(1, SCORES_AT_ONCE // len(self.items))
        for first in range(0, len(users), step):
            yield first, make_batch(self.history, users[first : first + step], self.last_day, moment)

    def name_best(self, users: pa.Array, item: np.ndarray, score: np.ndarray) -> pa.Table:
        """A row for each of the best; scores of -inf are no items."""
        row, rank = np.nonzero(np.isfinite(score))
        columns = {
            "user_id": users.take(pa.array(row)),
            "rank": (rank + 1).astype(np.int32),
            "item_id": self.items.take(pa.array(item[row, rank])),
            "score": score[row, rank].astype(np.float64),
        }
        return pa.table(columns)

    def with_history(self, table: pa.Table) -> "Model":
        """The same weights with other histories. Interactions with items that it does not know are left out."""
        return replace(self, history=arrange(table, self.items))

    def save(self, uri: str) -> str:
        """Write weights and histories to a folder or bucket: a path, or `s3://bucket/key`. Returns the SHA-256."""
        return write_file(uri, self.config, self.weights, self.history, self.last_day)


def load(uri: str) -> Model:
    """Read what `save` wrote. Raises InvalidInput with one sentence for a file that is damaged or of another format."""
    return Model(*read_file(uri))


def train_kind(history: Interactions, config: Config, watcher: Watcher) -> Model:
    """Train the kind of model that the config is of."""
    torch.manual_seed(config.seed)
    weights = import_module(f"models.recommender.{config.kind}").train(history, config, watcher)
    return Model(config, weights, history, float(history.days.max()))


def score_batch(model: Model, batch: Batch) -> torch.Tensor:
    """Scores of all items for the users of a batch, [users, items]."""
    kind = import_module(f"models.recommender.{model.config.kind}")
    scores: torch.Tensor = kind.score_users(model.weights, model.config, batch)
    return scores.cpu()


def choose_best(scores: torch.Tensor, batch: Batch, k: int, exclude_seen: bool) -> tuple[np.ndarray, np.ndarray]:
    """Items and scores of the `k` best of each user, best first, [users, k]."""
    if exclude_seen:
        batch.mark_seen(scores)
    best, item = find_top(scores, k)
    item, places = torch.sort(item, dim=1)
    best = best.gather(1, places)
    best, places = torch.sort(best, dim=1, descending=True, stable=True)
    return item.gather(1, places).numpy(), best.numpy()
