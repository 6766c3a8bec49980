"""Titles of films: `0114709::Toy Story (1995)::Animation|Comedy::81 min`; year, genres and length may be missing."""

import ibis
import ibis.expr.types as ir
from ibis import _

from contracts.film_titles import TABLE

YEAR = r" \(([0-9]{4})\)\z"
LENGTH = r"::([0-9]+) min\z"
FORM = r"(?s)^[^:]+::(.+)::([^:]*)\z"  # without the length
SIGNS = "(?s)^[^:]+::.+(?:[(][0-9]{4}[)]::|::[^:0-9 -]|:: ?[0-9]+ min)"
SECONDS = r"::[0-9]+\z"

NO_GENRES = ibis.literal([], "array<string>")


def claims(records: ir.Table) -> ir.BooleanValue:
    """A line that has a year, genres or a length is about a film, unless it ends with the seconds of a rating: what is
    broken in it makes no film of it."""
    return records.line.re_search(SIGNS) & ~records.line.re_search(SECONDS)


def from_ratings_files(records: ir.Table) -> ir.Table:
    """Contract columns, trace, problem and line, a row a record."""
    parts = records.mutate(length=_.line.re_extract(LENGTH, 1), short=_.line.re_replace(LENGTH, ""))
    texts = parts.mutate(full_title=_.short.re_extract(FORM, 1), genre_text=_.short.re_extract(FORM, 2))
    values = texts.mutate(
        film_id=_.short.split("::")[0],
        title=_.full_title.re_replace(YEAR, ""),
        release_year=_.full_title.re_extract(YEAR, 1).try_cast("int32"),
        genres=ibis.ifelse(_.genre_text == "", NO_GENRES, _.genre_text.split("|")),
        length_minutes=_.length.try_cast("int32"),
    )
    problem = ibis.cases(
        (~values.short.re_search(FORM), "the line matches no known film-title format"),
        ((values.length != "") & values.length_minutes.isnull(), "length_minutes does not fit a 32-bit integer"),
        else_=ibis.null("string"),
    )
    return values.mutate(problem=problem).select(*TABLE.arrow_schema.names, "problem", "line")
