"""Photo documents: texts of the known fields become typed columns; all the rest is JSON.

Which text of a document feeds which column, and that it can be read as such, was settled when the document was taken
apart (`FIELDS` of the contract, applied by `watershed/sources/documents.py`): no document is rejected here for what a
field says.
"""

import ibis
from ibis import ir

from contracts.photo_documents import TABLE
from watershed.declarations.fields import LIST_SEPARATOR


def from_photo_documents(records: ir.Table) -> ir.Table:
    """The contract's columns, raw_object, raw_line, problem, line; and `is_duplicate`, true for all but the first of
    identical documents in one raw object. `records`: SCHEMA of `watershed/sources/documents.py`."""
    known = records.known
    made = {
        "document_id": ibis.coalesce(known.get("document_id"), records.content_sha256),
        "exposure_s": read_fraction(known.get("exposure_s")),
        "tags": read_tags(known.get("tag_list")),
        "other": records.other,
        "content_sha256": records.content_sha256,
    }
    typed = {c.name: known.get(c.name).cast(c.type) for c in TABLE.columns if c.name not in made}
    carried = {name: records[name] for name in ("raw_object", "raw_line", "problem", "line", "is_duplicate")}
    return records.select(**made | typed | carried)


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
