"""Who took to which film when: what the recommender learns from. Features, not a table: a run computes them anew."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import UTC_TIMESTAMP, Column, Table

FEATURES = Table(
    name="interactions",
    description="Films that a user rated, or watched for five minutes at least, whatever the rating.",
    grain="one user and film",
    owner="recommendations",
    columns=(
        Column("user_id", pa.int64(), "User who watched or rated the film", personal=True),
        Column("item_id", pa.string(), "The film; a film of core.films"),
        Column("interacted_at", UTC_TIMESTAMP, "When the user rated it or last watched it, whichever was later"),
    ),
    key=("user_id", "item_id"),
    sources=(),
    replaces="partition",
    day="interacted_at",
    freshness=timedelta(days=1),
    schema="features",
)
