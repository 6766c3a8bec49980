"""JSON documents about photos, from cameras and other services."""

from datetime import timedelta

import pyarrow as pa

from contracts.table import JSON_TEXT, TEXT_LIST, UTC_TIMESTAMP, Column, Source, Table

PHOTO_DOCUMENTS = Source("photo_documents", "documents", "JSON, NDJSON or JSON arrays about photos, nested and drifting")

TABLE = Table(
    name="photo_documents",
    description="Documents about photos as delivered: known fields typed, all the rest kept in one JSON column.",
    grain="one distinct document of a raw object",
    owner="photos",
    columns=(
        Column("document_id", pa.string(), "The document's own id, path or name, else the hash of its content"),
        Column("taken_at", UTC_TIMESTAMP, "When the photo was taken by the camera's clock, read as UTC", nullable=True),
        Column("uploaded_at", UTC_TIMESTAMP, "When it reached the service, in UTC", nullable=True),
        Column("owner", pa.string(), "Whose photo it is, as the provider names them", nullable=True, personal=True),
        Column("title", pa.string(), "Title or caption", nullable=True),
        Column("camera_maker", pa.string(), "Maker of the camera", nullable=True),
        Column("camera_model", pa.string(), "Model of the camera", nullable=True),
        Column("aperture_f_number", pa.float64(), "Aperture, the N of f/N", nullable=True),
        Column("exposure_s", pa.float64(), "Exposure time", nullable=True, unit="s"),
        Column("focal_length_mm", pa.float64(), "Focal length", nullable=True, unit="mm"),
        Column("iso", pa.int32(), "Sensitivity", nullable=True),
        Column("width_px", pa.int32(), "Width of the original", nullable=True, unit="px"),
        Column("height_px", pa.int32(), "Height of the original", nullable=True, unit="px"),
        Column("file_bytes", pa.int64(), "Size of the file", nullable=True, unit="bytes"),
        Column("tags", TEXT_LIST, "Tags, possibly none"),
        Column("other", JSON_TEXT, "All fields that no column above took, as JSON", personal=True),
        Column("content_sha256", pa.string(), "Hash of the document's canonical JSON"),
    ),
    key=("raw_object", "raw_line"),
    sources=(PHOTO_DOCUMENTS,),
    home_of=(PHOTO_DOCUMENTS,),
    replaces="object",
    day="uploaded_at",
    freshness=timedelta(days=1),
)
