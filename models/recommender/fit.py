"""From interactions to a model."""

import pyarrow as pa

from models.recommender.choose import choose_configs
from models.recommender.config import Config
from models.recommender.interactions import prepare
from models.recommender.model import Model, train_kind
from models.recommender.progress import SILENT, Watcher


def fit(interactions: pa.Table, config: Config | None = None, watcher: Watcher = SILENT) -> Model:
    """Train a model on a table with the columns user_id, item_id and optionally weight and interacted_at.

    Ids are integers or texts, dense or not; interacted_at is a timestamp or seconds since 1970. Without a config, kind
    and settings are chosen by what the data say (`choose.py`), the same ones every time. Raises InvalidInput with one
    sentence where there is nothing to learn from.
    """
    history = prepare(interactions)
    return train_kind(history, config or choose_configs(history)[0], watcher)
