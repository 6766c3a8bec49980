"""Columns that a model makes: no expression says where they come from, so it is said here."""

from functools import cache

from watershed.declarations import load_features, load_tables
from watershed.lineage.origins import ColumnOrigin, Lineage
from watershed.lineage.queries import trace_query
from watershed.project import find_project

FEATURES_SQL = "models/recommender/features.sql"  # of the project
FEATURES = "features.interactions"
# What is trained and measured depends on all features; a list also on the model that made it.
LEARNED = tuple(ColumnOrigin(FEATURES, name, "computed") for name in ("user_id", "item_id", "interacted_at"))
VERSION = ColumnOrigin("ml.models", "model_version")
WEIGHTS = ColumnOrigin("ml.models", "weights_uri", "computed")
MADE: dict[str, dict[str, tuple[ColumnOrigin, ...]]] = {
    "ml.models": dict.fromkeys(("weights_uri", "weights_sha256", "metrics_json", "interaction_count"), LEARNED),
    "ml.recommendations": {
        "user_id": (ColumnOrigin(FEATURES, "user_id"),),
        "film_id": (ColumnOrigin(FEATURES, "item_id"), WEIGHTS),
        "rank": (*LEARNED, WEIGHTS),
        "score": (*LEARNED, WEIGHTS),
        "model_version": (VERSION,),
    },
    "ml.predictions": {
        "user_id": (ColumnOrigin(FEATURES, "user_id"),),
        "film_ids": (*LEARNED, WEIGHTS),
        "model_version": (VERSION,),
    },
    "ml.drifts": {
        "model_version": (VERSION,),
        "psi": (*LEARNED, WEIGHTS),
        "is_drifted": (*LEARNED, WEIGHTS),
        "value_count": LEARNED,
    },
}


@cache
def trace_features() -> Lineage:
    """Of what the recommender learns from: `features.interactions`."""
    tables = {name: load_tables()[name] for name in ("ratings", "watch_minutes")}
    named = ", ".join(f"{name} AS (SELECT * FROM {table.address})" for name, table in tables.items())
    known = {table.address: [c.name for c in table.all_columns] for table in tables.values()}
    traced = trace_query(f"WITH {named} SELECT * FROM ({(find_project() / FEATURES_SQL).read_text()})", known)
    return Lineage({c.name: traced.columns[c.name] for c in load_features()["interactions"].columns}, traced.rows)


def trace_made(address: str) -> Lineage:
    """Of a table that a model makes; without origins where it is not described here."""
    names = [column.name for column in load_tables()[address.partition(".")[2]].all_columns]
    return Lineage({name: MADE.get(address, {}).get(name, ()) for name in names})
