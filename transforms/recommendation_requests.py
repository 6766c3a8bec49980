"""Requests for recommendations, answered with films or with an error:

2020-06-25T13:46:02,601844,recommendation request recommender-12:8082, status 200, result: up+2009, her+2013, 143 ms
2020-06-25T13:46:02,601844,recommendation request recommender-12:8082, status 500, result: Connection refused, 9 ms
"""

import ibis
import ibis.expr.types as ir
from ibis import _

from contracts.recommendation_requests import TABLE
from transforms.watch_lines import BIG_USER, NO_FORM, NO_TIME, START, is_rating

FORM = (
    f"(?s){START}recommendation request [^, ]+, ?status [0-9]+"
    r"(?:, ?result:.*|, ?[0-9]+ ms)?\z"
)
RESULT = r"(?s)^[^,]*,[^,]*,[^,]*,[^,]*, ?result: ?(.*)\z"
DURATION = r"^ ?(?:result: ?)?([0-9]+) ms\z"
FILMS = r"^[^ ,]+(?:, ?[^ ,]+)*\z"
NO_FILMS = ibis.literal([], "array<string>")


def claims(records: ir.Table) -> ir.BooleanValue:
    return records.line.contains("recommendation request") & ~is_rating(records.line)


def from_watch_logs(records: ir.Table) -> ir.Table:
    """Contract columns, trace, problem and line, a row a record.

    What answers 200 with film ids has films; every other answer is an error, kept as it was logged.
    """
    parts = records.mutate(parts=_.line.split(","), logged=_.line.re_extract(RESULT, 1))
    parts = parts.mutate(last=_.parts[_.parts.length() - 1])
    parts = parts.mutate(duration=_.last.re_extract(DURATION, 1))
    before_last = parts.logged.left(ibis.greatest(parts.logged.length() - parts.last.length() - 1, 0))
    values = parts.mutate(
        requested_at=_.parts[0].try_cast("timestamp(6)"),
        user_id=_.parts[1].try_cast("int64"),
        server=_.parts[2].split("request ")[1],
        status=_.parts[3].split("status ")[1].try_cast("int32"),
        result=ibis.ifelse(parts.duration == "", parts.logged, before_last),
        response_ms=_.duration.try_cast("int64"),
    )
    has_films = (values.status == 200) & values.result.re_search(FILMS)
    answers = values.mutate(
        film_ids=ibis.ifelse(has_films, values.result.replace(", ", ",").split(","), NO_FILMS),
        error=ibis.ifelse(has_films, ibis.null("string"), values.result.nullif("")),
        problem=find_problem(values),
    )
    return answers.select(*TABLE.arrow_schema.names, "problem", "line")


def find_problem(values: ir.Table) -> ir.StringValue:
    return ibis.cases(
        (~values.line.re_search(FORM), NO_FORM),
        (values.requested_at.isnull(), NO_TIME),
        (values.user_id.isnull(), BIG_USER),
        (values.status.isnull(), "status is not a 32-bit integer"),
        ((values.duration != "") & values.response_ms.isnull(), "response_ms does not fit a 64-bit integer"),
        else_=ibis.null("string"),
    )
