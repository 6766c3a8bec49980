"""Which films a user would take to next, learned from what all users took.

`fit` trains on a table of interactions, `Model` scores and recommends, `load` reads what `Model.save` wrote. Read on in
`interactions`, `item_item`, `factors`, `model`, `evaluate`.
"""

from models.recommender.config import BlendConfig, Config, FactorsConfig, ItemItemConfig, PopularityConfig
from models.recommender.evaluate import compare, group_users, rank_last, rank_negatives, summarize
from models.recommender.fit import fit
from models.recommender.interactions import split_at, split_last
from models.recommender.model import Model, load

__all__ = [
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
