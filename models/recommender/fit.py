"""From interactions to a model."""

from importlib import import_module

import pyarrow as pa
import torch

from models.recommender.config import Config, ItemItemConfig
from models.recommender.interactions import Interactions, prepare
from models.recommender.model import Model
from models.recommender.progress import SILENT, Watcher


def fit(interactions: pa.Table, config: Config | None = None, watcher: Watcher = SILENT) -> Model:
    """Train a model on a table with the columns user_id, item_id and optionally weight and interacted_at.

    Ids are integers or texts, dense or not; interacted_at is a timestamp or seconds since 1970. Raises ValueError with
    one sentence where there is nothing to learn from. `config` is the item-item model by default, which was the best.
    """
    return train_kind(prepare(interactions), config or ItemItemConfig(), watcher)


def train_kind(history: Interactions, config: Config, watcher: Watcher) -> Model:
    """Train the kind of model that the config is of."""
    torch.manual_seed(config.seed)
    weights = import_module(f"models.recommender.{config.kind}").train(history, config, watcher)
    return Model(config, weights, history, float(history.days.max()))
