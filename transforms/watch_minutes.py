"""Minutes watched: `2020-06-25T13:44:14,601844,GET /data/m/toy+story+3+2010/46.mpg`."""

import ibis
import ibis.expr.types as ir
from ibis import _

from contracts.watch_minutes import TABLE
from transforms.watch_lines import BIG_USER, NO_FORM, NO_TIME, START

FORM = START + r"GET /data/m/[^/,]+/[0-9]+[.]mpg\z"


def from_watch_logs(records: ir.Table) -> ir.Table:
    """Contract columns, trace, problem and line, a row a record.

    One regex asks whether the line is of the form; cutting it at commas and slashes costs half of what groups do.
    """
    parts = records.mutate(parts=_.line.split(","))
    names = parts.mutate(names=_.parts[2].split("/"))
    values = names.mutate(
        watched_at=_.parts[0].try_cast("timestamp(6)"),
        user_id=_.parts[1].try_cast("int64"),
        film_id=_.names[3],
        minute=_.names[4].replace(".mpg", "").try_cast("int32"),
    )
    checked = values.mutate(problem=find_problem(values))
    return checked.select(*TABLE.arrow_schema.names, "problem", "line")


def find_problem(values: ir.Table) -> ir.StringValue:
    return ibis.cases(
        (~values.line.re_search(FORM), NO_FORM),
        (values.watched_at.isnull(), NO_TIME),
        (values.user_id.isnull(), BIG_USER),
        (values.minute.isnull(), "minute does not fit a 32-bit integer"),
        else_=ibis.null("string"),
    )
