"""Seconds since 1970 as logs and rating files write them."""

import ibis
import ibis.expr.types as ir

YEAR_10000 = 253_402_300_800


def parse_epoch(text: ir.StringValue) -> ir.TimestampValue:
    """The moment in UTC; null where the text is not a number, or one that no four-digit year has."""
    seconds = text.try_cast("int64")
    exists = (seconds >= 0) & (seconds < YEAR_10000)
    moment = ibis.timestamp("1970-01-01") + ibis.ifelse(exists, seconds, 0).as_interval("s")
    return ibis.ifelse(exists, moment, ibis.null("timestamp(6)"))
