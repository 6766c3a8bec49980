"""How far what the champion sees has moved from what it was trained on."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import UTC_TIMESTAMP, Column, Table

TABLE = Table(
    name="drifts",
    description="Population stability index (PSI) of features and scores against the champion's training data.",
    grain="one quantity of one prediction run",
    owner="recommendations",
    columns=(
        Column("measured_at", UTC_TIMESTAMP, "When it was measured, in UTC"),
        Column("run_id", pa.string(), "The run that predicted"),
        Column("model_version", pa.int64(), "The champion whose training data is the reference"),
        Column("quantity", pa.string(), "Whose distribution: a feature, or the score"),
        Column("psi", pa.float64(), "Below 0.1: the same; 0.1 to 0.25: moved; above 0.25: another distribution"),
        Column("is_drifted", pa.bool_(), "Whether it is above 0.25: a training is asked for"),
        Column("value_count", pa.int64(), "Values that were compared with the reference"),
    ),
    key=("run_id", "quantity"),
    sources=(),
    replaces="partition",
    day="measured_at",
    freshness=timedelta(days=1),
    examples=("SELECT measured_at, quantity, psi FROM ml.drifts WHERE is_drifted ORDER BY measured_at DESC LIMIT 20",),
    schema="ml",
)
