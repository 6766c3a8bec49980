"""JSON documents about photos, from cameras and other services."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.fields import COUNT, DECIMAL, EPOCH, FRACTION, MOMENT, Field, read_as_text
from watershed.declarations.table import JSON_TEXT, TEXT_LIST, UTC_TIMESTAMP, Column, Source, Table

PHOTO_DOCUMENTS = Source("photo_documents", "documents", "JSON, NDJSON or arrays about photos, nested and drifting")

TABLE = Table(
    name="photo_documents",
    description="Documents about photos as delivered: known fields typed, all the rest kept in one JSON column.",
    grain="one distinct document of a raw object",
    owner="photos",
    columns=(
        Column(
            "document_id",
            pa.string(),
            "The document's own id, path or name, else the hash of its content",
            personal=True,
        ),
        Column("taken_at", UTC_TIMESTAMP, "When the photo was taken by the camera's clock, read as UTC", nullable=True),
        Column("uploaded_at", UTC_TIMESTAMP, "When it reached the service, in UTC", nullable=True),
        Column("owner", pa.string(), "Owner of the photo, as the provider names them", nullable=True, personal=True),
        Column("title", pa.string(), "Title or caption", nullable=True, personal=True),
        Column("camera_maker", pa.string(), "Maker of the camera", nullable=True),
        Column("camera_model", pa.string(), "Model of the camera", nullable=True),
        Column("aperture_f_number", pa.float64(), "Aperture, the N of f/N", nullable=True),
        Column("exposure_s", pa.float64(), "Exposure time", nullable=True, unit="s"),
        Column("focal_length_mm", pa.float64(), "Focal length", nullable=True, unit="mm"),
        Column("iso", pa.int32(), "Sensitivity", nullable=True),
        Column("width_px", pa.int32(), "Width of the original", nullable=True, unit="px"),
        Column("height_px", pa.int32(), "Height of the original", nullable=True, unit="px"),
        Column("file_bytes", pa.int64(), "Size of the file", nullable=True, unit="bytes"),
        Column("tags", TEXT_LIST, "Tags, possibly none", personal=True),
        Column("other", JSON_TEXT, "All fields that no column above took, as JSON", personal=True),
        Column("content_sha256", pa.string(), "Hash of the document's canonical JSON"),
    ),
    key=("raw_object", "raw_line"),
    sources=(PHOTO_DOCUMENTS,),
    home_of=(PHOTO_DOCUMENTS,),
    replaces="object",
    day="uploaded_at",
    freshness=timedelta(days=1),
    tags=("photos",),
    examples=(
        "SELECT camera_maker, count(*) AS photos FROM core.photo_documents GROUP BY camera_maker ORDER BY photos DESC",
    ),
)

APERTURE = rf"f?/?(?P<aperture_f_number>{DECIMAL})"
EXPOSURE = rf"(?P<exposure_s>{FRACTION}) ?(?:s|sec)?"
FOCAL_LENGTH = rf"(?P<focal_length_mm>{DECIMAL}) ?(?:mm)?"
ISO = rf"(?:ISO ?)?(?P<iso>{COUNT})"
PIXELS = rf"(?P<width_px>{COUNT}) ?[x×] ?(?P<height_px>{COUNT})"
WIDTH, HEIGHT = rf"(?P<width_px>{COUNT})", rf"(?P<height_px>{COUNT})"
FILE_BYTES = r"(?P<file_bytes>\d{1,18})"
TAKEN, UPLOADED = rf"(?P<taken_at>{MOMENT}|{EPOCH})", rf"(?P<uploaded_at>{MOMENT}|{EPOCH})"
TAGS = r"(?P<tag_list>[^\x00]*)"

# Any of the four parts, in this order, such as `f/1.8; 1/120; 4.44mm; ISO271`.
SETTINGS = (
    rf"(?:f/(?P<aperture_f_number>{DECIMAL})(?:; |$))?"
    rf"(?:(?P<exposure_s>{FRACTION}) ?s?(?:; |$))?"
    rf"(?:(?P<focal_length_mm>{DECIMAL}) ?mm(?:; |$))?"
    rf"(?:ISO ?(?P<iso>{COUNT})(?:; |$))?"
    r"(?P<rest>.*)"
)

# The first place that has a value wins; what a later one says of the same column stays in `other`.
FIELDS = (
    *(Field(path, read_as_text("document_id")) for path in ("id", "_id", "foreign_identifier", "path", "SourceFile")),
    *(Field(path, TAKEN) for path in ("taken_at", "datetaken", "date_taken", "meta_data.date_taken")),
    *(Field(path, TAKEN) for path in ("ExifIFD.DateTimeOriginal", "ExifIFD.CreateDate")),
    *(Field(path, UPLOADED) for path in ("uploaded_at", "dateupload", "meta_data.pub_date")),
    *(Field(path, read_as_text("owner")) for path in ("owner", "creator", "IFD0.Artist")),
    *(Field(path, read_as_text("title")) for path in ("title", "caption")),
    *(Field(path, read_as_text("camera_maker")) for path in ("camera.maker", "camera.make", "IFD0.Make")),
    *(Field(path, read_as_text("camera_model")) for path in ("camera.model", "IFD0.Model", "camera")),
    Field("settings", SETTINGS),
    *(Field(path, APERTURE) for path in ("settings.aperture", "settings.f_number", "ExifIFD.FNumber")),
    *(Field(path, EXPOSURE) for path in ("settings.exposure", "settings.exposure_time", "ExifIFD.ExposureTime")),
    *(Field(path, FOCAL_LENGTH) for path in ("settings.focal_length", "ExifIFD.FocalLength")),
    *(Field(path, ISO) for path in ("settings.iso", "ExifIFD.ISO")),
    Field("size", PIXELS),
    *(Field(path, WIDTH) for path in ("size.width", "o_width", "width", "File.ImageWidth")),
    *(Field(path, HEIGHT) for path in ("size.height", "o_height", "height", "File.ImageHeight")),
    *(Field(path, FILE_BYTES) for path in ("size.bytes", "file_bytes", "filesize")),
    Field("tags", TAGS),
    Field("tags[].name", TAGS),
)
