"""Hyper-parameters: one frozen dataclass a kind of model. The values here are those that `search.py` found."""

import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True)
class PopularityConfig:
    """The baseline: what most users took. Nothing may lose to it."""

    kind: ClassVar[str] = "popularity"
    seed: int = 0


@dataclass(frozen=True)
class ItemItemConfig:
    """A linear model from items to items in closed form, and the trend.

    A user with n interactions counts `n ** -user_power`. What follows an item soon counts `next_weight` times its share
    of the item's users, `next_shrink` more of them assumed. An interaction's influence halves when it is `recency_days`
    older than the user's latest. `trend_weight` is what an item's whole share of the interactions of about `trend_days`
    would add. Items of fewer than `least_users`, and those after the `most_items` most frequent, have a trend only.
    """

    kind: ClassVar[str] = "item_item"
    seed: int = 0
    regularization: float = 40.0
    user_power: float = 0.5
    next_weight: float = 1.0
    next_shrink: float = 50.0
    recency_days: float = 1.0
    trend_days: float = 8.0
    trend_weight: float = 2.5
    least_users: int = 3
    most_items: int = 10_000


@dataclass(frozen=True)
class FactorsConfig:
    """Matrix factorization: implicit alternating least squares, and the trend.

    Pairs that were not seen weigh `unseen_weight` beside 1 for seen ones; `regularization` grows with the number of
    interactions of a user or item. Recency and trend as in `ItemItemConfig`.
    """

    kind: ClassVar[str] = "factors"
    seed: int = 0
    factors: int = 128
    epochs: int = 16
    regularization: float = 0.008
    unseen_weight: float = 0.05
    recency_days: float = 1.0
    trend_days: float = 8.0
    trend_weight: float = 6.5


Config: TypeAlias = PopularityConfig | ItemItemConfig | FactorsConfig

CONFIGS: dict[str, type[Config]] = {c.kind: c for c in (PopularityConfig, ItemItemConfig, FactorsConfig)}
CANDIDATES: tuple[Config, ...] = (ItemItemConfig(), FactorsConfig())


def spell_config(config: Config) -> str:
    """As JSON, the kind first."""
    return json.dumps({"kind": config.kind, **asdict(config)})


def read_config(text: str) -> Config:
    """The config of such a JSON. Raises ValueError for a kind or a parameter that does not exist."""
    values: dict[str, Any] = json.loads(text)
    kind = values.pop("kind", None)
    if (found := CONFIGS.get(kind)) is None:
        raise ValueError(f"there is no kind of model {kind!r}; there are {', '.join(sorted(CONFIGS))}")
    if unknown := set(values) - set(found.__dataclass_fields__):
        raise ValueError(f"a model of kind {kind} has no parameter {', '.join(sorted(unknown))}")
    return found(**values)
