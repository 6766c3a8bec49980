"""Ratings, from streaming logs and from rating files:

2020-06-25T13:45,601844,GET /rate/toy+story+3+2010=4
1::0120735::9::1363245118
"""

import ibis
import ibis.expr.types as ir
from ibis import _

from contracts.ratings import SCALES, TABLE, Scale
from transforms.watch_lines import BIG_USER, NO_FORM, NO_TIME, START, is_rating
from watershed.transforms.epoch_seconds import parse_epoch

LOG_FORM = START + r"GET /rate/[^/,]+=-?[0-9]+\z"
FILE_FORM = r"^[0-9]+::[^:]+::-?[0-9]+(?:[.][0-9]+)?::[0-9]+\z"
BIG_RATING = "rating has more than 12 digits before the point"
NO_STEP = "rating is between two steps of its source's scale"


def claims(records: ir.Table) -> ir.BooleanValue:
    """Of the streaming logs; of rating files this is the home table."""
    return is_rating(records.line)


def from_watch_logs(records: ir.Table) -> ir.Table:
    """Contract columns, trace, problem and line, a row a record. The range of a rating is not looked at."""
    parts = records.mutate(parts=_.line.split(","))
    values = parts.mutate(
        rated_at=_.parts[0].try_cast("timestamp(6)"),
        user_id=_.parts[1].try_cast("int64"),
        film_id=_.line.re_extract("GET /rate/([^/,]+)=", 1),
        rating_text=_.line.re_extract(r"=([^=]*)\z", 1),
    )
    return name_problem(count_steps(values, SCALES["watch_logs"]), LOG_FORM, NO_FORM)


def from_ratings_files(records: ir.Table) -> ir.Table:
    """The same for a file's lines. The user is a number, the film whatever the file calls it."""
    return read_file_lines(records, SCALES["ratings_files"])


def read_file_lines(records: ir.Table, scale: Scale) -> ir.Table:
    """The same for the lines of any source that has such files, on a scale of its own."""
    parts = records.mutate(parts=_.line.split("::"))
    values = parts.mutate(
        rated_at=parse_epoch(parts.parts[3]),
        user_id=_.parts[0].try_cast("int64"),
        film_id=_.parts[1],
        rating_text=_.parts[2],
    )
    return name_problem(count_steps(values, scale), FILE_FORM, "the line matches no known rating-file format")


def count_steps(values: ir.Table, scale: Scale) -> ir.Table:
    """Add the rating in steps of the scale, and the best one."""
    steps = values.rating_text.try_cast("decimal(18, 6)") * scale.steps  # exact: as a float, 4.3 times ten is not 43
    whole = steps.round().try_cast("int32")
    return values.mutate(rating=whole, rating_max=ibis.literal(scale.best, "int32"), is_step=steps == whole)


def name_problem(values: ir.Table, form: str, no_form: str) -> ir.Table:
    problem = ibis.cases(
        (~values.line.re_search(form), no_form),
        (values.rated_at.isnull(), NO_TIME),
        (values.user_id.isnull(), BIG_USER),
        (values.rating.isnull(), BIG_RATING),
        (~values.is_step, NO_STEP),
        else_=ibis.null("string"),
    )
    return values.mutate(problem=problem).select(*TABLE.arrow_schema.names, "problem", "line")
