"""Lines of the streaming logs, `time,user,what`: how they start, and what tells ratings.

A space may follow each comma, and the time may be exact to the minute only.
"""

import ibis.expr.types as ir

MINUTE = "[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}"
START = f"^{MINUTE}(?::[0-9]{{2}})?, ?[0-9]+, ?"

NO_FORM = "the line matches no known streaming-log format"
NO_TIME = "the time is not a valid date and time"
BIG_USER = "user_id does not fit a 64-bit integer"


def is_rating(line: ir.StringValue) -> ir.BooleanValue:
    return line.contains("GET /rate/")
