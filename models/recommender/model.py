"""A trained model: weights, which training made, and histories, which may be newer. It scores and recommends.

What is predicted for a user depends on the weights and that user's history alone, to the last bit. A model is saved as
one file: safetensors, whose loading runs no code. Weights, items and histories are tensors; what a number cannot say
(kind, config, format) is its metadata.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as encode_tensors

from models.recommender.config import Config, format_config, read_config
from models.recommender.interactions import DAY_S, Batch, Interactions, arrange, as_array, make_batch
from models.recommender.kinds import Watcher, find_kind
from watershed.errors import InvalidInput
from watershed.models.weights import read_bytes, write_bytes

SCORES_AT_ONCE = 4_000_000  # users times items of a batch: 16 MB, which stay in the processor's cache for a while
CHUNK = 32  # columns that are skipped at once where none of them can be among the best
FORMAT = "1"
ARRAYS = ("starts", "item", "weight", "days")


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


def train_kind(history: Interactions, config: Config, watcher: Watcher) -> Model:
    """Train the kind of model that the config is of."""
    torch.manual_seed(config.seed)
    weights = find_kind(config.kind).train(history, config, watcher)
    return Model(config, weights, history, float(history.days.max()))


def score_batch(model: Model, batch: Batch) -> torch.Tensor:
    """Scores of all items for the users of a batch, [users, items]."""
    scores: torch.Tensor = find_kind(model.config.kind).score_users(model.weights, model.config, batch)
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


def find_top(scores: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The `k` largest of each row (fewer, where a row has no more), and their places, in no order.

    They are in the k chunks with the largest maxima, so that most of a row is only looked at for its maxima: four times
    as fast as `torch.topk`. Which of equal scores are left out depends on the row alone.
    """
    columns = scores.shape[1]
    whole = columns // CHUNK
    if whole <= 2 * k:
        return torch.topk(scores, min(k, columns), dim=1, sorted=False)
    chunked = scores[:, : whole * CHUNK].unflatten(1, (whole, CHUNK))
    chunk = torch.topk(chunked.amax(2), k, dim=1, sorted=False).indices
    place = (chunk[:, :, None] * CHUNK + torch.arange(CHUNK, device=scores.device)).flatten(1)
    rest = torch.arange(whole * CHUNK, columns, device=scores.device).expand(len(scores), -1)
    place = torch.cat([place, rest], dim=1)
    best, among = torch.topk(scores.gather(1, place), k, dim=1, sorted=False)
    return best, place.gather(1, among)


def load(uri: str) -> Model:
    """Read what `save` wrote. Raises InvalidInput with one sentence for a file that is damaged or of another format."""
    return Model(*read_file(uri))


def write_file(
    uri: str, config: Config, weights: dict[str, torch.Tensor], history: Interactions, last_day: float
) -> str:
    """Returns the SHA-256 of the file: the same model has the same one."""
    tensors = {f"weights.{name}": tensor.cpu().contiguous() for name, tensor in weights.items()}
    tensors |= {f"history.{name}": torch.from_numpy(getattr(history, name)) for name in ARRAYS}
    tensors |= encode_ids("users", history.users) | encode_ids("items", history.items)
    about = {"format": FORMAT, "config": format_config(config), "last_day": float(last_day)}
    content = encode_tensors(tensors, metadata={"model": json.dumps(about)})  # one entry: several have no fixed order
    write_bytes(uri, content)
    return hashlib.sha256(content).hexdigest()


def read_file(uri: str) -> tuple[Config, dict[str, torch.Tensor], Interactions, float]:
    """Raises InvalidInput for a file that is no model, NotFound where there is none."""
    content = read_bytes(uri)
    try:
        tensors, about = read_tensors(content), json.loads(read_metadata(content).get("model", "{}"))
    except (SafetensorError, ValueError) as error:
        raise InvalidInput(f"{uri} is damaged or no model: {error}; restore the file, or train again") from None
    if about.get("format") != FORMAT:
        raise InvalidInput(
            f"{uri} was saved in format {about.get('format')} and this version reads format {FORMAT}: train again"
        )
    weights = {name.removeprefix("weights."): t for name, t in tensors.items() if name.startswith("weights.")}
    arrays = {name: tensors[f"history.{name}"].numpy() for name in ARRAYS}
    history = Interactions(users=read_ids("users", tensors), items=read_ids("items", tensors), **arrays)
    return read_config(about["config"]), weights, history, about["last_day"]


def read_metadata(content: bytes) -> dict[str, str]:
    """What a file says besides its tensors. The header of safetensors is its length in eight bytes, then JSON."""
    length = int.from_bytes(content[:8], "little")
    return dict(json.loads(content[8 : 8 + length]).get("__metadata__", {}))


def encode_ids(name: str, ids: pa.Array) -> dict[str, torch.Tensor]:
    """Numbers as they are, texts as their bytes and where each ends."""
    if pa.types.is_integer(ids.type):
        return {f"ids.{name}": torch.from_numpy(ids.to_numpy(zero_copy_only=False).astype(np.int64))}
    texts = [text.encode() for text in ids.to_pylist()]
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    content = np.frombuffer(b"".join(texts), dtype=np.uint8).copy()
    return {f"ids.{name}.text": torch.from_numpy(content), f"ids.{name}.ends": torch.from_numpy(ends)}


def read_ids(name: str, tensors: dict[str, torch.Tensor]) -> pa.Array:
    if (numbers := tensors.get(f"ids.{name}")) is not None:
        return pa.array(numbers.numpy())
    content = tensors[f"ids.{name}.text"].numpy().tobytes()
    ends = tensors[f"ids.{name}.ends"].tolist()
    return pa.array([content[a:b].decode() for a, b in zip([0, *ends], ends, strict=False)], pa.string())
