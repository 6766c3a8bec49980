"""How often a film was rated on each day of the week: what the model `weekdays` learns from."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import Column, Table

FEATURES = Table(
    name="film_weekdays",
    description="Ratings of a film on a day of the week.",
    grain="one film and day of the week",
    owner="recommendations",
    columns=(
        Column("weekday", pa.int64(), "Day of the week, 1 is Monday"),
        Column("film_id", pa.string(), "The film"),
        Column("ratings", pa.int64(), "How often it was rated"),
    ),
    key=("weekday", "film_id"),
    sources=(),
    replaces="partition",
    day=None,
    freshness=timedelta(days=1),
    schema="features",
)
