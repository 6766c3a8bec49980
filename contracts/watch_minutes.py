"""Minutes of film that users watched, from the streaming servers' logs."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import UTC_TIMESTAMP, Column, Source, Stream, Table

WATCH_LOGS = Source("watch_logs", "logs", "Streaming server logs: minutes watched, ratings, recommendation requests")
WATCH_EVENTS = Stream(
    "watch_events",
    "kafka",
    "The same lines, from servers that send each as a message instead of writing log files",
    topic="watch-events",
    layer="speed",
    like=WATCH_LOGS,
    duplicates_within=timedelta(days=1),
)

TABLE = Table(
    name="watch_minutes",
    description="Every minute of film that the player fetched. Identical log lines are distinct requests.",
    grain="one watch line of a streaming log",
    owner="streaming",
    columns=(
        Column("watched_at", UTC_TIMESTAMP, "When the minute was requested, in UTC; may be exact to the minute only"),
        Column("user_id", pa.int64(), "User who watched the film", personal=True),
        Column("film_id", pa.string(), "Film that was watched, of core.films"),
        Column("minute", pa.int32(), "Which minute of the film, counted from 0", unit="minutes"),
    ),
    key=("raw_object", "raw_line"),
    sources=(WATCH_LOGS, WATCH_EVENTS),
    home_of=(WATCH_LOGS, WATCH_EVENTS),
    replaces="object",
    day="watched_at",
    freshness=timedelta(hours=1),
    tags=("films",),
    examples=(
        "SELECT film_id, count(*) AS minutes FROM core.watch_minutes GROUP BY film_id ORDER BY minutes DESC LIMIT 10",
    ),
)
