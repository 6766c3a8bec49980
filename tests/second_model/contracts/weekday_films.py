"""The film to show on each day of the week, as the champion of `weekdays` sees it."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import Column, Table

TABLE = Table(
    name="weekday_films",
    description="The film that is rated most on a day of the week.",
    grain="one day of the week",
    owner="recommendations",
    columns=(
        Column("weekday", pa.int64(), "Day of the week, 1 is Monday"),
        Column("film_id", pa.string(), "The film"),
        Column("model_version", pa.int64(), "Version that predicted"),
        Column("data_snapshot_id", pa.int64(), "The version of the lake that was predicted from"),
    ),
    key=("weekday",),
    sources=(),
    replaces="partition",
    day=None,
    freshness=timedelta(days=1),
    schema="ml",
)
