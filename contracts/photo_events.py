"""What people do with their photos, event by event, as their devices said it."""

from datetime import timedelta

import pyarrow as pa

from contracts.photo_event_schemas import SCHEMAS
from watershed.declarations.table import UTC_TIMESTAMP, Column, Stream, Table

PHOTO_EVENTS = Stream(
    "photo_events",
    "kafka",
    "Photos added, changed, replaced and deleted; a message is one event as JSON, Avro or Protobuf",
    topic="photo-events",
    schemas=SCHEMAS,
    duplicates_within=timedelta(days=365),
)

KINDS = ("addPhoto", "updatePhotoData", "replacePhoto", "deletePhoto")

TABLE = Table(
    name="photo_events",
    description="Every event about a photo, append-only. core.photos_now is what they add up to.",
    grain="one event",
    owner="photos",
    columns=(
        Column("event_id", pa.string(), "The event, as its device named it; the same however often it is sent"),
        Column("kind", pa.string(), "addPhoto, updatePhotoData, replacePhoto or deletePhoto"),
        Column("photo_id", pa.int64(), "The photo"),
        Column("user_id", pa.int64(), "User who owns the photo; only addPhoto says so", nullable=True, personal=True),
        Column(
            "path", pa.string(), "Where the file is; said by addPhoto and replacePhoto", nullable=True, personal=True
        ),
        Column("file_bytes", pa.int64(), "Size of the file, if said", nullable=True, unit="bytes"),
        Column("camera_id", pa.int64(), "Taken with; a camera of core.cameras, if said", nullable=True),
        Column("title", pa.string(), "The photo's title, if said", nullable=True, personal=True),
        Column("version", pa.int64(), "One more than the highest version of the photo that the device had seen"),
        Column("leader", pa.string(), "The device that took the decision, possibly offline", personal=True),
        Column(
            "occurred_at",
            UTC_TIMESTAMP,
            "When, by the device's own clock, in UTC; it may be wrong",
            tags=("device-clock",),
        ),
        Column("received_at", UTC_TIMESTAMP, "When the event reached the lake, in UTC"),
        Column("stamp", pa.string(), "Orders the events of a photo: of two, the greater one wins", personal=True),
    ),
    key=("event_id",),
    sources=(PHOTO_EVENTS,),
    home_of=(PHOTO_EVENTS,),
    replaces="object",
    day="received_at",
    event_time="occurred_at",
    freshness=timedelta(minutes=5),
    tags=("photos",),
    examples=("SELECT kind, count(*) AS events FROM core.photo_events GROUP BY kind ORDER BY events DESC",),
)
