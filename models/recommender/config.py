"""Hyper-parameters: one frozen dataclass a kind of model. What they are by default holds for any data; what fits one
data set is found by `choose.py`."""

import json
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, TypeAlias

from watershed.errors import InvalidInput


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
    older than the user's latest; None: it never fades. `trend_weight` is what an item's whole share of the interactions
    of about `trend_days` would add. Items of fewer than `least_users`, and those after the `most_items` most frequent,
    have a trend only: what is trained is a square of 4 * most_items ** 2 bytes at most, 400 MB.
    """

    kind: ClassVar[str] = "item_item"
    seed: int = 0
    regularization: float = 40.0
    user_power: float = 0.5
    next_weight: float = 0.0
    next_shrink: float = 50.0
    recency_days: float | None = None
    trend_days: float = 8.0
    trend_weight: float = 0.0
    least_users: int = 3
    most_items: int = 10_000


@dataclass(frozen=True)
class FactorsConfig:
    """Matrix factorization: implicit alternating least squares, and the trend.

    Pairs that were not seen weigh `unseen_weight` beside 1 for seen ones; `regularization` grows with the number of
    interactions of a user or item, and with what unseen pairs weigh. That is the loss of Rendle and others (Revisiting
    the Performance of iALS, RecSys 2022) with their exponent at 1: values published for it hold here as they are, and
    these are theirs for dense data. Recency and trend as in `ItemItemConfig`.
    """

    kind: ClassVar[str] = "factors"
    seed: int = 0
    factors: int = 192
    epochs: int = 16
    regularization: float = 0.007
    unseen_weight: float = 0.2
    recency_days: float | None = None
    trend_days: float = 8.0
    trend_weight: float = 0.0


@dataclass(frozen=True)
class BlendConfig:
    """Both of these: each user's scores by either are standardised, and those of the factors count `factors_share` of
    the sum. There is one trend, so `trend_days` is the same in both."""

    kind: ClassVar[str] = "blend"
    seed: int = 0
    item_item: ItemItemConfig = field(default_factory=ItemItemConfig)
    factors: FactorsConfig = field(default_factory=FactorsConfig)
    factors_share: float = 0.5

    def __post_init__(self) -> None:
        one, other = self.item_item.trend_days, self.factors.trend_days
        if one != other:
            raise InvalidInput(f"a blend has one trend, and trend_days is {one} in item_item and {other} in factors")


Config: TypeAlias = PopularityConfig | ItemItemConfig | FactorsConfig | BlendConfig

KINDS: tuple[type[Config], ...] = (PopularityConfig, ItemItemConfig, FactorsConfig, BlendConfig)
CANDIDATES: tuple[Config, ...] = (ItemItemConfig(), FactorsConfig(), BlendConfig())
CONFIGS: dict[str, type[Config]] = {kind.kind: kind for kind in KINDS}


def format_config(config: Config) -> str:
    """As JSON, the kind first."""
    return json.dumps(list_values(config))


def list_values(config: Any) -> dict[str, Any]:
    """The kind and the parameters by name; a blend's parts are dictionaries of their own."""
    own = ((each.name, getattr(config, each.name)) for each in fields(config))
    return {"kind": config.kind} | {name: list_values(v) if is_dataclass(v) else v for name, v in own}


def read_config(text: str) -> Config:
    """The config of such a JSON. Raises InvalidInput for a kind or a parameter that does not exist."""
    return make_config(json.loads(text))


def make_config(values: dict[str, Any]) -> Config:
    """Dictionaries inside are the configs of a blend's parts, of the kind that their name says."""
    kind = values.get("kind")
    if (found := CONFIGS.get(str(kind))) is None:
        raise InvalidInput(f"there is no kind of model {kind!r}; there are {', '.join(sorted(CONFIGS))}")
    own = {name: value for name, value in values.items() if name != "kind"}
    if unknown := set(own) - set(found.__dataclass_fields__):
        raise InvalidInput(f"a model of kind {kind} has no parameter {', '.join(sorted(unknown))}")
    parts = {n: make_config(value | {"kind": n}) for n, value in own.items() if isinstance(value, dict)}
    return found(**own | parts)
