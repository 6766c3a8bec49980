"""Requests that the web servers answered, from their access logs."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import UTC_TIMESTAMP, Column, Source, Table

ACCESS_LOGS = Source(
    "access_logs",
    "logs",
    "Access logs of the web servers: short, common, combined or W3C's extended form, plain or gzip",
)

TABLE = Table(
    name="requests",
    description="Every HTTP request in the access logs. Identical log lines are distinct requests.",
    grain="one line of an access log",
    owner="web-platform",
    columns=(
        Column("requested_at", UTC_TIMESTAMP, "When the server logged the request, in UTC"),
        Column("client_host", pa.string(), "Address or name of the client", personal=True),
        Column("remote_user", pa.string(), "User name of HTTP authentication", nullable=True, personal=True),
        Column("method", pa.string(), "HTTP method; null when the request line could not name one", nullable=True),
        Column("path", pa.string(), "Path as requested, without the query", nullable=True),
        Column("query", pa.string(), "Text after the first `?` of the request target", nullable=True, personal=True),
        Column("protocol", pa.string(), "Such as HTTP/1.1; null for HTTP/0.9 and the short form", nullable=True),
        Column("status", pa.int32(), "HTTP status code"),
        Column(
            "response_bytes", pa.int64(), "Size of the response; null where the log has `-` or no size", True, "bytes"
        ),
        Column("referrer", pa.string(), "Referer header", nullable=True, personal=True),
        Column("user_agent", pa.string(), "User-Agent header", nullable=True, personal=True),
        Column(
            "log_extra",
            pa.string(),
            "Fields that no other column has, as they were; those of W3C's form as `name=value`",
            nullable=True,
            personal=True,
        ),
        Column(
            "virtual_host",
            pa.string(),
            "Site that was asked, with its port where the log has one; null where the log names no site",
            nullable=True,
        ),
    ),
    key=("raw_object", "raw_line"),
    sources=(ACCESS_LOGS,),
    home_of=(ACCESS_LOGS,),
    replaces="object",
    day="requested_at",
    freshness=timedelta(days=1),
    tags=("web",),
    examples=("SELECT status, count(*) AS requests FROM core.requests GROUP BY status ORDER BY requests DESC",),
)
