"""Requests for film recommendations, with what was answered and how long it took."""

from datetime import timedelta

import pyarrow as pa

from contracts.watch_minutes import WATCH_EVENTS, WATCH_LOGS
from watershed.declarations.table import TEXT_LIST, UTC_TIMESTAMP, Column, Table

TABLE = Table(
    name="recommendation_requests",
    description="Every request to a recommender: which server answered, with what status, films and latency.",
    grain="one recommendation line of a streaming log",
    owner="streaming",
    columns=(
        Column("requested_at", UTC_TIMESTAMP, "When the recommendation was requested, in UTC"),
        Column("user_id", pa.int64(), "User the request is for", personal=True),
        Column("server", pa.string(), "Host and port of the recommender, such as recommender-12:8082"),
        Column("status", pa.int32(), "HTTP status code of the answer"),
        Column("film_ids", TEXT_LIST, "Films recommended, best first; empty when the request failed"),
        Column(
            "error", pa.string(), "The result as logged where it is not a list of films", nullable=True, personal=True
        ),
        Column("response_ms", pa.int64(), "Time to the answer; null where the log has none", nullable=True, unit="ms"),
    ),
    key=("raw_object", "raw_line"),
    sources=(WATCH_LOGS, WATCH_EVENTS),
    replaces="object",
    day="requested_at",
    freshness=timedelta(hours=1),
    examples=(
        "SELECT status, count(*) AS requests FROM core.recommendation_requests GROUP BY status ORDER BY requests DESC",
    ),
)
