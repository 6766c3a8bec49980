"""Photos that users uploaded, with the history of what changed."""

from datetime import timedelta

import pyarrow as pa

from contracts.users import ACCOUNTS
from watershed.declarations.table import UTC_TIMESTAMP, Column, Table

TABLE = Table(
    name="photos",
    description="Photos of the service, every version that was seen (SCD2).",
    grain="one version of one photo",
    owner="photos",
    columns=(
        Column("photo_id", pa.int64(), "The photo"),
        Column("user_id", pa.int64(), "User who owns the photo, of core.users", personal=True),
        Column("camera_id", pa.int64(), "Taken with; a camera of core.cameras", nullable=True),
        Column("path", pa.string(), "Where the file is, such as /st/u211/1U6uF147Fy.jpg", personal=True),
        Column("file_bytes", pa.int64(), "Size of the file", unit="bytes"),
        Column("uploaded_at", UTC_TIMESTAMP, "When the photo was uploaded, in UTC"),
        Column("updated_at", UTC_TIMESTAMP, "When the source last changed the record, in UTC"),
    ),
    key=("photo_id",),
    sources=(ACCOUNTS,),
    replaces="key",
    day="uploaded_at",
    freshness=timedelta(days=1),
    tags=("photos",),
    examples=("SELECT count(*) AS photos, sum(file_bytes) AS file_bytes FROM core.photos WHERE is_current",),
)
