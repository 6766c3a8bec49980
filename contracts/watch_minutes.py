"""Minutes of film that users watched, from the streaming servers' logs."""

from datetime import timedelta

import pyarrow as pa

from contracts.table import UTC_TIMESTAMP, Column, Source, Table

WATCH_LOGS = Source("watch_logs", "logs", "Streaming server logs: minutes watched, ratings, recommendation requests")

TABLE = Table(
    name="watch_minutes",
    description="Every minute of film that the player fetched. Identical log lines are distinct requests.",
    grain="one watch line of a streaming log",
    owner="streaming",
    columns=(
        Column("watched_at", UTC_TIMESTAMP, "When the minute was requested, in UTC; may be exact to the minute only"),
        Column("user_id", pa.int64(), "Who watched", personal=True),
        Column("film_id", pa.string(), "What was watched; a film of core.films"),
        Column("minute", pa.int32(), "Which minute of the film, counted from 0", unit="minutes"),
    ),
    key=("raw_object", "raw_line"),
    sources=(WATCH_LOGS,),
    home_of=(WATCH_LOGS,),
    replaces="object",
    day="watched_at",
    freshness=timedelta(hours=1),
)
