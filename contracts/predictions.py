"""What was predicted for whom, and when: never changed, so that telemetry can be joined to it later."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import TEXT_LIST, UTC_TIMESTAMP, Column, Table

TABLE = Table(
    name="predictions",
    description="Each list of films that was ever published for a user; the latest is in ml.recommendations.",
    grain="one list of one user",
    owner="recommendations",
    columns=(
        Column("predicted_at", UTC_TIMESTAMP, "When the list was made; it held until the user's next one"),
        Column("user_id", pa.int64(), "User the list is for", personal=True),
        Column("film_ids", TEXT_LIST, "The films, best first"),
        Column("model_version", pa.int64(), "Version of the recommender that predicted"),
        Column("data_snapshot_id", pa.int64(), "The version of the lake that held the user's history"),
        Column("run_id", pa.string(), "The run that predicted"),
    ),
    key=("run_id", "user_id"),
    sources=(),
    replaces="partition",
    day="predicted_at",
    freshness=timedelta(days=1),
    examples=(
        "SELECT model_version, count(DISTINCT user_id) AS users FROM ml.predictions GROUP BY model_version ORDER BY 1",
    ),
    schema="ml",
)
