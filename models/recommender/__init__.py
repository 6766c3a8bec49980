"""Which films a user would take to next, learned from what all users took.

`fit` trains on a table of interactions, `Model` scores and recommends, `load` reads what `Model.save` wrote. The
chapters, in the order to read them:

- `config`, `interactions`: what can be set, and what is learned from;
- `kinds`: popularity, item-item, factors and the blend of these, a module each; `device`: what they run on;
- `model`: a trained one; `evaluate`: how good it is; `choose`: which kind with which settings; `progress`: a training
  that is watched, and goes on after a crash;
- `training`, `predicting`, `drift`: what the engine asks for, with `MODEL` below; `card`: what people are told.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.interactions import FEATURES
from contracts.predictions import TABLE as PREDICTIONS
from contracts.recommendations import TABLE as RECOMMENDATIONS
from watershed.models import model as engine
from watershed.models.model import LEARNED, VERSION, WEIGHTS

if TYPE_CHECKING:
    from models.recommender.choose import fit
    from models.recommender.config import BlendConfig, Config, FactorsConfig, ItemItemConfig, PopularityConfig
    from models.recommender.evaluate import (
        compare,
        group_users,
        rank_last,
        rank_negatives,
        split_at,
        split_last,
        summarize,
    )
    from models.recommender.model import Model, load

MODEL = engine.Model(
    name="recommender",
    features=FEATURES,
    query=Path(__file__).with_name("features.sql"),
    inputs=("core.ratings", "core.watch_minutes"),
    counted={"users": "user_id", "items": "item_id"},
    tables=(RECOMMENDATIONS, PREDICTIONS),
    metric="ndcg_at_10",
    train_dag="train_recommender",
    predict_dag="predict_recommendations",
    unit="user_id",
    digests={
        "core.ratings": "hash(film_id, rated_at)",
        "core.watch_minutes": "hash(film_id, minute, watched_at)",
    },
    # No expression says where a learned column comes from: a list depends on all interactions, and on the weights.
    lineage={
        "ml.recommendations": {
            "user_id": ("user_id",),
            "film_id": ("item_id", WEIGHTS),
            "rank": (LEARNED, WEIGHTS),
            "score": (LEARNED, WEIGHTS),
            "model_version": (VERSION,),
        },
        "ml.predictions": {
            "user_id": ("user_id",),
            "film_ids": (LEARNED, WEIGHTS),
            "model_version": (VERSION,),
        },
    },
)

__all__ = [
    "MODEL",
    "BlendConfig",
    "Config",
    "FactorsConfig",
    "ItemItemConfig",
    "Model",
    "PopularityConfig",
    "compare",
    "fit",
    "group_users",
    "load",
    "rank_last",
    "rank_negatives",
    "split_at",
    "split_last",
    "summarize",
]
CHAPTERS = ("config", "evaluate", "choose", "model")


def __getattr__(name: str) -> Any:
    """The names above, from their modules when first asked for: these load torch, and every DAG file reads `MODEL`."""
    if name in __all__:
        for chapter in CHAPTERS:
            module = import_module(f"{__name__}.{chapter}")
            if name in vars(module):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
