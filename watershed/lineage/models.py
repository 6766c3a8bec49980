"""Columns that a model makes: no expression says where they come from, so its folder does (`Model.lineage`)."""

from functools import cache

from watershed.declarations import find_table, load_features
from watershed.declarations.registry import DRIFTS, MODELS
from watershed.lineage.origins import ColumnOrigin, Lineage
from watershed.lineage.queries import trace_query
from watershed.models.model import LEARNED, VERSION, WEIGHTS, Model, list_models

VERSION_ORIGIN = ColumnOrigin(MODELS, "model_version")
WEIGHTS_ORIGIN = ColumnOrigin(MODELS, "weights_uri", "computed")
# Of the engine's own tables, for every model: what is trained and measured depends on all features.
ENGINE: dict[str, dict[str, tuple[str, ...]]] = {
    MODELS: dict.fromkeys(("weights_uri", "weights_sha256", "metrics_json", "row_count"), (LEARNED,)),
    DRIFTS: {
        "model_version": (VERSION,),
        "psi": (LEARNED, WEIGHTS),
        "is_drifted": (LEARNED, WEIGHTS),
        "value_count": (LEARNED,),
    },
}


@cache
def trace_features(address: str) -> Lineage:
    """Of what a model learns from, `features.interactions`; without origins where no model does."""
    model = next((model for model in list_models() if model.features.address == address), None)
    if model is None:
        declared = load_features()[address.partition(".")[2]]
        return Lineage({column.name: () for column in declared.columns})
    tables = [find_table(name) for name in model.inputs]
    named = ", ".join(f"{table.name} AS (SELECT * FROM {table.address})" for table in tables)
    known = {table.address: [c.name for c in table.all_columns] for table in tables}
    traced = trace_query(f"WITH {named} SELECT * FROM ({model.query.read_text()})", known)
    return Lineage({c.name: traced.columns[c.name] for c in model.features.columns}, traced.rows)


def trace_made(address: str) -> Lineage:
    """Of a table that models make; without origins where it is not described."""
    columns: dict[str, list[ColumnOrigin]] = {column.name: [] for column in find_table(address).all_columns}
    for model in list_models():
        for name, words in {**ENGINE, **model.lineage}.get(address, {}).items():
            columns[name] += [o for word in words for o in list_origins(model, word) if o not in columns[name]]
    return Lineage({name: tuple(origins) for name, origins in columns.items()})


def list_origins(model: Model, word: str) -> list[ColumnOrigin]:
    """What one word of a model's lineage means."""
    if word == LEARNED:
        return [ColumnOrigin(model.features.address, column.name, "computed") for column in model.features.columns]
    known = {VERSION: VERSION_ORIGIN, WEIGHTS: WEIGHTS_ORIGIN}
    return [known.get(word) or ColumnOrigin(model.features.address, word)]
