"""What events that are written as JSON have in common: how they spell a time, and the one character to keep out."""

import ibis
import ibis.expr.types as ir

INSTANT = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])\z"
)
OFFSET = "([+-])([0-9]{2}):?([0-9]{2})$"
NUL = r"(?:^|[^\\])(?:\\\\)*\\u0000"  # an escape, not a backslash that happens to stand before such a word


def read_instant(text: ir.StringValue) -> ir.TimestampValue:
    """An ISO 8601 time with its offset in UTC; null where it does not exist, or in UTC has no year of four digits."""
    is_utc = text.endswith("Z")
    local = ibis.ifelse(is_utc, text.left(text.length() - 1), text.re_replace(OFFSET, "")).try_cast("timestamp(6)")
    minutes = 60 * text.re_extract(OFFSET, 2).try_cast("int32") + text.re_extract(OFFSET, 3).try_cast("int32")
    east = ibis.ifelse(text.re_extract(OFFSET, 1) == "-", -minutes, minutes)
    instant = ibis.ifelse(is_utc, local, local - east.as_interval("m"))
    exists = text.re_search(INSTANT) & instant.year().between(1, 9999)
    return ibis.ifelse(exists, instant, ibis.null("timestamp(6)"))


def holds_nul(line: ir.StringValue) -> ir.BooleanValue:
    """Whether a text of the JSON holds a NUL character, which databases cannot keep."""
    return ibis.ifelse(line.contains("u0000"), line.re_search(NUL), False)
