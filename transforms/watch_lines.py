"""Lines of the streaming logs, `time,user,what`: how they start, and what tells ratings.

A space may follow each comma, and the time may be exact to the minute only.
"""

import ibis.expr.types as ir

MINUTE = "[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}"
START = f"^{MINUTE}(?::[0-9]{{2}})?, ?[0-9]+, ?"

NO_FORM = "no form of a streaming log fits"
NO_TIME = "the time does not exist"
BIG_USER = "the user id is too large a number"


def is_rating(line: ir.StringValue) -> ir.BooleanValue:
    return line.contains("GET /rate/")
