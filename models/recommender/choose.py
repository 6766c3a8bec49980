"""Which kind of model, with which settings: what the data themselves say.

Of a sample of users one interaction each is held out of what there is to learn from: the latest, or one by chance where
no times tell which that is. Each candidate starts plain, with settings by size and density. A setting is moved, and a
part is added (a sequence, a trend, a history that fades), where what was held out is ranked better with it. Without
times nothing is tried that needs them.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from models.recommender.config import (
    CANDIDATES,
    BlendConfig,
    Config,
    FactorsConfig,
    ItemItemConfig,
    PopularityConfig,
)
from models.recommender.device import agree
from models.recommender.evaluate import rank_last, summarize
from models.recommender.interactions import Interactions, order_items, prepare, select
from models.recommender.kinds import SILENT, Watcher
from models.recommender.kinds.item_item import add_following
from models.recommender.kinds.popularity import learn_trend
from models.recommender.model import Model, train_kind

MOST_TRIED = 1_000_000  # interactions that candidates learn from: those of a sample of users, where there are more
JUDGED = 2_000  # users of whom one is held out
LEAST_JUDGED = 20  # of fewer nothing is held out: they would say nothing
CHANCE = 0.5  # a score of n users that is better by so much / sqrt(n), in proportion, may be better by chance
MOST_STEPS = 4  # of a setting, one way
RECENCY_DAYS = (30.0, 1.0, 1 / 24)
FACTORS_SHARES = (0.25, 0.75)
SMALL_FACTORS = 64  # while the other settings are looked for: a third of the time
ROWS_A_FACTOR = 8  # so many users, and items, a factor are the least


@dataclass(frozen=True)
class Trial:
    """A model that was tried, and its NDCG@10 on what was held out."""

    model: Model
    score: float

    @property
    def config(self) -> Any:
        return self.model.config


@dataclass(frozen=True)
class Validation:
    """What is learned from, and what was held out of it (user_id, item_id)."""

    known: Interactions
    held_out: pa.Table

    @property
    def has_times(self) -> bool:
        """Times that are all the same tell nothing."""
        return bool(self.known.days.min() < self.known.days.max())

    def attempt(self, config: Config) -> Trial:
        return self.judge(train_kind(self.known, config, SILENT))

    def judge(self, model: Model) -> Trial:
        ranks = rank_last(model, self.held_out)
        return Trial(model, agree(summarize(ranks)["ndcg_at_10"]["value"]))

    def is_better(self, trial: Trial, than: Trial) -> bool:
        return trial.score > than.score * (1 + CHANCE / len(self.held_out) ** 0.5)

    def vary(self, trial: Trial, name: str, value: Any) -> Trial:
        """The same with another value of a setting, trained again only as far as that depends on it."""
        config, weights = replace(trial.config, **{name: value}), trial.model.weights
        if name == "trend_days":
            weights = weights | learn_trend(self.known, value)
        elif name == "next_weight":
            weights = weights | {"similar": weights["similar"].clone()}
            more = replace(config, next_weight=value - trial.config.next_weight)
            add_following(weights["similar"], self.known, more)
        elif name not in ("trend_weight", "recency_days", "factors_share"):
            return self.attempt(config)
        return self.judge(replace(trial.model, config=config, weights=weights))

    def climb(self, best: Trial, name: str, factor: float) -> Trial:
        """Multiply a setting by a factor as long as that helps; where it does not at all, divide."""
        before = best.score
        for step in (factor, 1 / factor):
            for _ in range(MOST_STEPS if best.score == before else 0):
                score, best = best.score, self.take_step(best, name, step)
                if best.score == score:
                    break
        return best

    def take_step(self, best: Trial, name: str, step: float) -> Trial:
        """The better one: what is not is let go before the next one is tried, since weights may be large."""
        trial = self.vary(best, name, float(f"{getattr(best.config, name) * step:.3g}"))
        return trial if self.is_better(trial, best) else best

    def add(self, best: Trial, name: str, value: float, factor: float) -> Trial:
        """Add a part of about this weight where that helps."""
        added = self.climb(self.vary(best, name, value), name, factor)
        return added if self.is_better(added, best) else best


def fit(interactions: pa.Table, config: Config | None = None, watcher: Watcher = SILENT) -> Model:
    """Train a model on a table with the columns user_id, item_id and optionally weight and interacted_at.

    Ids are integers or texts, dense or not; interacted_at is a timestamp or seconds since 1970. Without a config, kind
    and settings are chosen by what the data say, the same ones every time. Raises InvalidInput with one
    sentence where there is nothing to learn from.
    """
    history = prepare(interactions)
    return train_kind(history, config or choose_configs(history)[0], watcher)


def choose_configs(history: Interactions, candidates: tuple[Config, ...] = CANDIDATES, seed: int = 0) -> list[Config]:
    """The candidates with the settings that fit the data, and popularity, the best first.

    Where too few users have two interactions to hold one out of, these are the candidates as they begin, in their
    order. The same for the same interactions and seed.
    """
    begun = [settle(config, history) for config in candidates]
    if (validation := hold_out(history, seed)) is None:
        return begun
    trials = {"popularity": validation.attempt(PopularityConfig())}
    for config in begun:
        trials[config.kind] = tune(validation, config, trials)
    return [trial.config for trial in sorted(trials.values(), key=lambda trial: -trial.score)]


def settle(config: Any, history: Interactions) -> Any:
    """A config as it begins: as many factors as users and items can fill, and what was not seen counting the less, the
    sparser the data are (published settings go from 0.3 at a density of 4 % to 0.02 at 0.1 %)."""
    users, items = len(history.users), len(history.items)
    if isinstance(config, BlendConfig):
        return replace(config, factors=settle(config.factors, history))
    if isinstance(config, FactorsConfig):
        unseen = float(np.clip((len(history.item) / users / items) ** 0.5, 0.01, 0.3))
        most = max(8, min(users, items) // ROWS_A_FACTOR)
        return replace(config, factors=min(config.factors, most), unseen_weight=float(f"{unseen:.2g}"))
    return config


def tune(validation: Validation, config: Config, trials: dict[str, Trial]) -> Trial:
    """The best of a kind, given the best of kinds before it."""
    if isinstance(config, ItemItemConfig):
        return tune_item_item(validation, config)
    if isinstance(config, FactorsConfig):
        return tune_factors(validation, config, trials)
    if isinstance(config, BlendConfig):
        return tune_blend(validation, config, trials)
    return validation.attempt(config)


def tune_item_item(validation: Validation, config: ItemItemConfig) -> Trial:
    best = validation.climb(validation.attempt(config), "regularization", 4)
    if validation.has_times:
        best = validation.add(best, "trend_weight", 2.0, 3)
        best = validation.climb(best, "trend_days", 3) if best.config.trend_weight else best
        best = validation.add(add_recency(validation, best), "next_weight", 1.0, 3)
    return best


def tune_factors(validation: Validation, config: FactorsConfig, trials: dict[str, Trial]) -> Trial:
    """How long a trend lasts and how soon histories fade are things of the data: the item-item model found them."""
    found = trials["item_item"].config if "item_item" in trials else config
    begun = replace(config, factors=min(config.factors, SMALL_FACTORS), trend_days=found.trend_days)
    best = validation.attempt(replace(begun, recency_days=found.recency_days))
    if validation.has_times:
        best = validation.add(best, "trend_weight", 2.0, 3)
    best = validation.climb(validation.climb(best, "unseen_weight", 3), "regularization", 3)
    sizes = {config.factors, max(1, begun.factors // 2)} - {begun.factors}
    best = max([best, *(validation.vary(best, "factors", size) for size in sizes)], key=lambda trial: trial.score)
    return validation.climb(best, "trend_weight", 2) if best.config.trend_weight else best


def add_recency(validation: Validation, best: Trial) -> Trial:
    """Let histories fade where that helps."""
    trials = (validation.vary(best, "recency_days", days) for days in RECENCY_DAYS)
    faded = max(trials, key=lambda trial: trial.score)
    return faded if validation.is_better(faded, best) else best


def tune_blend(validation: Validation, config: BlendConfig, trials: dict[str, Trial]) -> Trial:
    """Of the best of both kinds, as they are: nothing is trained."""
    linear = trials.get("item_item") or tune(validation, config.item_item, {})
    latent = trials.get("factors") or tune(validation, config.factors, {"item_item": linear})
    parts = replace(config, item_item=linear.config, factors=latent.config)
    model = replace(linear.model, config=parts, weights=latent.model.weights | linear.model.weights)
    best = validation.judge(model)
    others = (validation.vary(best, "factors_share", share) for share in FACTORS_SHARES)
    return max(best, *others, key=lambda trial: trial.score)


def hold_out(history: Interactions, seed: int) -> Validation | None:
    """None where there are too few users with two interactions."""
    chance = np.random.default_rng(seed)
    history = sample_users(history, chance)
    users = np.flatnonzero(np.diff(history.starts) > 1)
    if len(users) < LEAST_JUDGED:
        return None
    users = np.sort(chance.permutation(users)[:JUDGED])
    order = np.lexsort((chance.random(len(history.item)), history.days, history.user))
    last = order[history.starts[users + 1] - 1]
    items = history.items.take(pa.array(history.item[last]))
    left = np.ones(len(history.item), dtype=bool)
    left[last] = False
    held_out = pa.table({"user_id": history.users.take(pa.array(users)), "item_id": items})
    return Validation(order_items(select(history, left)), held_out)


def sample_users(history: Interactions, chance: np.random.Generator) -> Interactions:
    """All that some users took, at most MOST_TRIED interactions; nobody's are more than a tenth of them."""
    if len(history.item) <= MOST_TRIED:
        return history
    counts = np.diff(history.starts)
    order = chance.permutation(np.flatnonzero(counts <= MOST_TRIED // 10))
    chosen = np.zeros(len(counts), dtype=bool)
    chosen[order[np.cumsum(counts[order]) <= MOST_TRIED]] = True
    return select(history, chosen[history.user])
