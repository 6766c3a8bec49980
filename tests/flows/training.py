"""A lake with viewers of two tastes, and a training run in a few seconds."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from models.recommender import MODEL, Config, FactorsConfig, ItemItemConfig
from models.recommender.config import list_values
from tests.models.published import NOON, insert, make_rating
from watershed.flows.models.begun import ModelRun, begin_model_run
from watershed.flows.models.build_features import build_features, check_features
from watershed.flows.models.judge_model import judge_model
from watershed.flows.models.publish_model import PublishedVersion, publish_model
from watershed.flows.models.train_model import train_model
from watershed.lake.store import open_store
from watershed.models.run import Kept

SMALL: tuple[Config, ...] = (ItemItemConfig(), FactorsConfig(factors=8, epochs=3))


def rate_by_taste(users: range, films: int = 24, each: int = 6, seed: int = 0) -> None:
    """Users with even numbers rate films of the first half, the others of the second, one a day."""
    rng, half = np.random.default_rng(seed), films // 2
    rows = [
        make_rating(user, f"film-{film + half * (user % 2):02}", NOON + timedelta(days=day, minutes=user))
        for user in users
        for day, film in enumerate(rng.permutation(half)[:each])
    ]
    insert("core.ratings", rows)


def begin(run_id: str) -> ModelRun:
    return begin_model_run(MODEL, run_id, "test")


def keep_candidates(run_id: str, candidates: Sequence[Config]) -> None:
    """As an earlier try of the run would have chosen them."""
    chosen = {"configs": [list_values(config) for config in candidates]}
    Kept(MODEL.name, run_id, open_store()).keep("candidates", chosen)


def prepare_training(run_id: str, candidates: Sequence[Config] = SMALL) -> None:
    build_features(begin(run_id))
    check_features(begin(run_id))
    keep_candidates(run_id, candidates)
    train_model(begin(run_id))
    judge_model(begin(run_id))


def run_training(run_id: str, candidates: Sequence[Config] = SMALL) -> PublishedVersion:
    prepare_training(run_id, candidates)
    return publish_model(begin(run_id))
