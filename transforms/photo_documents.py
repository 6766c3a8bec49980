"""Photo documents: texts of the known fields become typed columns; all the rest is JSON.

Which text of a document feeds which column, and that it can be read as such, was settled when the document was taken
apart (`FIELDS` of the contract, applied by `watershed/sources/documents.py`): no document is rejected here for what a
field says.
"""

import ibis
from ibis import ir

from watershed.declarations.fields import LIST_SEPARATOR


def from_photo_documents(records: ir.Table) -> ir.Table:
    """The contract's columns, raw_object, raw_line, problem, line; and `is_duplicate`, true for all but the first of
    identical documents in one raw object. `records`: SCHEMA of `watershed/sources/documents.py`."""
    known = records.known
    return records.select(
        document_id=ibis.coalesce(known.get("document_id"), records.content_sha256),
        taken_at=known.get("taken_at").cast("timestamp"),
        uploaded_at=known.get("uploaded_at").cast("timestamp"),
        owner=known.get("owner"),
        title=known.get("title"),
        camera_maker=known.get("camera_maker"),
        camera_model=known.get("camera_model"),
        aperture_f_number=known.get("aperture_f_number").cast("float64"),
        exposure_s=read_fraction(known.get("exposure_s")),
        focal_length_mm=known.get("focal_length_mm").cast("float64"),
        iso=known.get("iso").cast("int32"),
        width_px=known.get("width_px").cast("int32"),
        height_px=known.get("height_px").cast("int32"),
        file_bytes=known.get("file_bytes").cast("int64"),
        tags=read_tags(known.get("tag_list")),
        other=records.other,
        content_sha256=records.content_sha256,
        raw_object=records.raw_object,
        raw_line=records.raw_line,
        problem=records.problem,
        line=records.line,
        is_duplicate=records.is_duplicate,
    )


def read_fraction(text: ir.StringValue) -> ir.FloatingValue:
    """`1/120` or `0.5` as a number."""
    parts = text.split("/")
    return parts[0].cast("float64") / ibis.coalesce(parts[1].cast("float64"), 1.0)


def read_tags(text: ir.StringValue) -> ir.ArrayValue:
    """The elements of a list, each with the separator behind it, or the words of a text; none without a text."""
    elements = text.substr(0, text.length() - 1).split(LIST_SEPARATOR)
    words = text.strip().re_split(r"\s+")
    nothing = ibis.literal([], "array<string>")
    return ibis.cases((text.endswith(LIST_SEPARATOR), elements), (text.strip() != "", words), else_=nothing)
