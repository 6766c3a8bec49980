"""What a model tells the engine of itself. A model is a folder of the project's `models/`, whose package has a `MODEL`:

- `models/<name>/__init__.py`: the `MODEL`, cheap to import, since every DAG file reads it;
- `models/<name>/training.py` and `models/<name>/predicting.py`: the functions of `Training` and `Predicting`;
- `models/<name>/drift.py`, where drift is to be measured: the functions of `Drift`.

Nothing that the engine shares is edited for another model.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from watershed.declarations.nearby import explain_unknown
from watershed.declarations.table import Table
from watershed.errors import NotFound
from watershed.project import find_module, list_modules, load_module

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from watershed.models.outcomes import Document, Judgement, MeasuredDrift, Trained
    from watershed.models.registry import Version
    from watershed.models.run import Kept, Staging

MODELS_PACKAGE = "models"
# In `Model.lineage` instead of the name of a feature: all features; the weights; the number of the version.
LEARNED, WEIGHTS, VERSION = "*", "<weights>", "<version>"


@dataclass(frozen=True, kw_only=True)
class Model:
    """`name`: of its folder. `features`: the contract of what it learns from; `query`: the SQL file that makes it of
    the tables `inputs`, each called there by its name without schema. `counted`: by what it is called, a column of the
    features of which there must be two values at least (`{"users": "user_id"}`).

    `tables`: what it predicts, in contracts. The first is replaced by a run, and has columns model_version and
    data_snapshot_id; to the others a run appends. `unit`: the column whose values are predicted for one by one, of the
    features, the inputs and the first table; `digests`: by input, an expression over all of a row that decides a unit's
    features. Without a unit a run predicts for all. `metric`: of the test, by which versions are told apart.

    `lineage`: by table and column the features that decide it, or LEARNED, WEIGHTS, VERSION. `train_dag` and
    `predict_dag` are the files of dags/ that chain its steps.
    """

    name: str
    features: Table
    query: Path
    inputs: tuple[str, ...]
    counted: Mapping[str, str]
    tables: tuple[Table, ...]
    metric: str
    train_dag: str
    predict_dag: str
    unit: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    lineage: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def lists(self) -> Table:
        """The table whose rows a run replaces."""
        return self.tables[0]

    @property
    def training(self) -> "Training":
        return cast("Training", load_module(f"{MODELS_PACKAGE}.{self.name}.training"))

    @property
    def predicting(self) -> "Predicting":
        return cast("Predicting", load_module(f"{MODELS_PACKAGE}.{self.name}.predicting"))

    @property
    def drift(self) -> "Drift | None":
        """None where drift is not measured."""
        return cast("Drift | None", find_module(f"{MODELS_PACKAGE}.{self.name}.drift"))

    def features_sql(self, snapshot: int | None = None, units: str | None = None) -> str:
        """The features at a version of the lake, by default the present one; with `units`, a relation with a column of
        the unit's name, those of its values only."""
        at = "" if snapshot is None else f" AT (VERSION => {int(snapshot)})"
        among = f" WHERE {self.unit} IN (SELECT {self.unit} FROM {units})" if units else ""
        inputs = (f"{name.partition('.')[2]} AS NOT MATERIALIZED (FROM {name}{at}{among})" for name in self.inputs)
        return f"WITH {', '.join(inputs)}\nSELECT * FROM (\n{self.query.read_text()}\n)"

    def read_features(
        self, con: "DuckDBPyConnection", snapshot: int | None = None, units: str | None = None
    ) -> "pa.Table":
        """The rows of `features_sql`, with the columns of the contract, in the order of the query."""
        return con.execute(self.features_sql(snapshot, units)).to_arrow_table().cast(self.features.arrow_schema)

    def write_features(
        self, con: "DuckDBPyConnection", address: str, snapshot: int | None = None, units: str | None = None
    ) -> int:
        """Write them as Parquet, in that order, without holding them in memory. Returns the number of rows."""
        quoted = address.replace("'", "''")
        query = f"COPY (\n{self.features_sql(snapshot, units)}\n) TO '{quoted}' (FORMAT parquet)"
        written = con.execute(query).fetchone()
        return int(written[0]) if written else 0

    def hash_features(self) -> str:
        """SHA-256 of what decides the features: the contract's columns in their order, and the query."""
        columns = "\n".join(f"{column.name} {column.type} {column.nullable}" for column in self.features.columns)
        return hashlib.sha256(f"{columns}\n{self.query.read_text()}".encode()).hexdigest()


class Training(Protocol):
    """The module `training` of a model."""

    def train(self, features: "pa.Table", kept: "Kept") -> "Trained":
        """Train on the features and save the weights at `kept.weights_uri`, a safetensors file. The same features give
        the same weights. Raises InvalidInput where nothing can be learned from them.
        """

    def judge(
        self, trained: "Trained", weights_uri: str, features: "pa.Table", champion: "Version | None"
    ) -> "Judgement":
        """Measure the weights at `weights_uri`, which `train` has saved, on what none of them has seen."""

    def rebuild(self, version: "Version", features: "pa.Table", uri: str) -> tuple[str, "Document"]:
        """Train again with the version's config and save at `uri`. Returns the SHA-256 and the metrics."""

    def describe(self, version: "Version", trained: "Trained") -> dict[str, bytes]:
        """Files to lie beside the weights, by name; `card.md` is shown by `watershed models`."""

    def load_version(self, version: "Version") -> Any:
        """The model of a version of the registry. Raises InvalidInput with one sentence for weights that are missing or
        not those that were published (`watershed.models.weights.read_weights`)."""

    def hash_code(self) -> str:
        """SHA-256 of the code that decides the weights."""

    def list_libraries(self) -> dict[str, str]:
        """Versions of what computes the weights, the processor included."""


class Predicting(Protocol):
    """The module `predicting` of a model."""

    def predict(self, version: "Version", staging: "Staging") -> dict[str, int]:
        """Write the rows of all `tables` for the units of the run, whose features lie at `staging.features`.

        Returns counts for the reader of the log.
        """


class Drift(Protocol):
    """The module `drift` of a model. `QUANTITIES`: the names of what it measures."""

    QUANTITIES: Collection[str]

    def describe_training(self, con: "DuckDBPyConnection", version: "Version") -> "Document":
        """The reference that drift is measured against: JSON, with `quantities`, a dict by name."""

    def compare_now(
        self, con: "DuckDBPyConnection", reference: "Document", staging: "Staging"
    ) -> list["MeasuredDrift"]:
        """Compare what the run predicts from with the reference, quantity by quantity."""


def find_model(name: str) -> Model:
    """Raises NotFound with the models there are."""
    module = find_module(f"{MODELS_PACKAGE}.{name}") if name.isidentifier() and find_module(MODELS_PACKAGE) else None
    if (model := getattr(module, "MODEL", None)) is None:
        raise NotFound(explain_unknown("model", name, (model.name for model in list_models())))
    return cast(Model, model)


def list_models() -> list[Model]:
    """The project's models, by name."""
    return list(walk_models())


def walk_models() -> Iterator[Model]:
    for name in list_modules(MODELS_PACKAGE) if find_module(MODELS_PACKAGE) else ():
        if (model := getattr(load_module(name), "MODEL", None)) is not None:
            yield model


def find_only_model() -> Model:
    """The model where there is one. Raises NotFound where there are none or several."""
    models = list_models()
    if len(models) != 1:
        named = ", ".join(model.name for model in models)
        raise NotFound(f"name one of the models: {named}" if models else "the project has no model yet")
    return models[0]
