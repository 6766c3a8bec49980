"""Tables of the engine that a project with a model declares in `contracts/models.py` and `contracts/drifts.py`: which
versions there are, and how far what they see has moved. The project says who owns them."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import JSON_TEXT, UTC_TIMESTAMP, Column, Table

MODELS, DRIFTS = "ml.models", "ml.drifts"
STATES = ("candidate", "champion", "retired", "refused")
LATEST_DRIFTS = "SELECT measured_at, quantity, psi FROM ml.drifts WHERE is_drifted ORDER BY measured_at DESC LIMIT 20"
MODEL_COLUMNS = (
    Column("model_name", pa.string(), "The model; a folder of models/"),
    Column("model_version", pa.int64(), "Version of the model, counted from 1"),
    Column("state", pa.string(), "candidate, champion, retired (was champion) or refused"),
    Column("reason", pa.string(), "Why it is in that state, in one sentence"),
    Column("weights_uri", pa.string(), "Where the weights lie (safetensors); card and curves lie beside them"),
    Column("weights_sha256", pa.string(), "SHA-256 of that file"),
    Column("config_json", JSON_TEXT, "Kind and hyper-parameters"),
    Column("seed", pa.int64(), "Seed of everything random in training"),
    Column("libraries_json", JSON_TEXT, "Versions of the libraries, and the processor, that it was trained with"),
    Column("code_commit", pa.string(), "Commit of the code; null outside a repository", nullable=True),
    Column("code_sha256", pa.string(), "SHA-256 of the model's own code: it decides the weights"),
    Column("features_sha256", pa.string(), "SHA-256 of the feature contract: columns, types, order"),
    Column("data_snapshot_id", pa.int64(), "The version of the lake that it was trained and judged on"),
    Column(
        "row_count",
        pa.int64(),
        "Rows of features in that version, the held-out ones included",
        renamed_from=("interaction_count",),
    ),
    Column("metrics_json", JSON_TEXT, "Metrics on the hold-out with their 95 % intervals, beside the baselines'"),
    Column("parent_version", pa.int64(), "The champion that it was compared with", nullable=True),
    Column("run_id", pa.string(), "The run that trained it"),
    Column("trained_at", UTC_TIMESTAMP, "When training ended, in UTC"),
    Column("changed_at", UTC_TIMESTAMP, "When the state last changed, in UTC"),
)
DRIFT_COLUMNS = (
    Column("measured_at", UTC_TIMESTAMP, "When it was measured, in UTC"),
    Column("run_id", pa.string(), "The run that predicted"),
    Column("model_version", pa.int64(), "The champion whose training data is the reference"),
    Column("quantity", pa.string(), "Feature or score whose distribution was measured"),
    Column("psi", pa.float64(), "Below 0.1: the same; 0.1 to 0.25: moved; above 0.25: another distribution"),
    Column("is_drifted", pa.bool_(), "Whether it is above 0.25: a training is asked for"),
    Column("value_count", pa.int64(), "Values that were compared with the reference"),
)


def declare_models(owner: str) -> Table:
    """The registry. `owner`: one of contracts/owners.py."""
    return Table(
        name="models",
        description="Every version of every model. One version of a model is its champion, which predicts.",
        grain="one version of one model",
        owner=owner,
        columns=MODEL_COLUMNS,
        key=("model_name", "model_version"),
        sources=(),
        replaces="partition",
        day=None,
        freshness=timedelta(days=30),
        examples=("SELECT model_version, state, reason FROM ml.models ORDER BY model_version DESC",),
        schema="ml",
    )


def declare_drifts(owner: str) -> Table:
    """What each run of predictions measured. `owner`: one of contracts/owners.py."""
    return Table(
        name="drifts",
        description="Population stability index (PSI) of features and scores against the champion's training data.",
        grain="one quantity of one prediction run",
        owner=owner,
        columns=DRIFT_COLUMNS,
        key=("run_id", "quantity"),
        sources=(),
        replaces="partition",
        day="measured_at",
        freshness=timedelta(days=1),
        examples=(LATEST_DRIFTS,),
        schema="ml",
    )
