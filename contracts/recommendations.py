"""The films to show each user, best first, as the champion sees it."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import Column, Table

TABLE = Table(
    name="recommendations",
    description="The 20 best films for every user who has rated or watched any, none of them seen before.",
    grain="one rank of one user",
    owner="recommendations",
    columns=(
        Column("user_id", pa.int64(), "User the list is for", personal=True),
        Column("rank", pa.int32(), "1 is best"),
        Column("film_id", pa.string(), "The film; a film of core.films"),
        Column("score", pa.float64(), "The model's score; comparable within one user and version only"),
        Column("model_version", pa.int64(), "Version of the recommender that predicted; a champion of ml.models"),
        Column("data_snapshot_id", pa.int64(), "The version of the lake that held the user's history"),
    ),
    key=("user_id", "rank"),
    sources=(),
    replaces="partition",
    day=None,
    freshness=timedelta(days=1),
    examples=("SELECT user_id, title FROM ml.recommendations JOIN core.films USING (film_id) WHERE rank = 1 LIMIT 20",),
    schema="ml",
)
