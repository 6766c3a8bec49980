"""Ratings that users gave to films, from the streaming logs and from rating files."""

from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa

from contracts.watch_minutes import WATCH_EVENTS, WATCH_LOGS
from watershed.declarations.rhythm import Rhythm
from watershed.declarations.table import UTC_TIMESTAMP, Column, Source, Table

RATINGS_FILES = Source(
    "ratings_files",
    "logs",
    "Files of `user::item::rating::epoch` and `item::title::genres` lines, of everything once a month",
    rhythm=Rhythm(timedelta(days=31)),
)


@dataclass(frozen=True)
class Scale:
    """The ratings that one source gives: from `lowest` to `highest`, in so many steps to a whole one: 2 for half stars.

    A table keeps steps: 4.5 stars of 5, by halves, are a rating of 9 of 10.
    """

    lowest: float
    highest: int
    steps: int = 1

    @property
    def worst(self) -> int:
        return round(self.lowest * self.steps)

    @property
    def best(self) -> int:
        return self.highest * self.steps


# No line says of how many stars it is: files on another scale are another source, declared here.
SCALES = {
    WATCH_LOGS.name: Scale(1, 5),
    WATCH_EVENTS.name: Scale(1, 5),
    RATINGS_FILES.name: Scale(0, 10),
}

TABLE = Table(
    name="ratings",
    description="Every rating given to a film. A later rating of the same film by the same user is another row.",
    grain="one rating line",
    owner="streaming",
    columns=(
        Column("rated_at", UTC_TIMESTAMP, "When the rating was given, in UTC"),
        Column("user_id", pa.int64(), "User who rated the film", personal=True),
        Column("film_id", pa.string(), "Film that was rated, of core.films"),
        Column("rating", pa.int32(), "The rating given, in steps of its source's scale"),
        Column("rating_max", pa.int32(), "The best rating on that scale: 5 in streaming logs, 10 in rating files"),
    ),
    key=("raw_object", "raw_line"),
    sources=(WATCH_LOGS, WATCH_EVENTS, RATINGS_FILES),
    home_of=(RATINGS_FILES,),
    replaces="object",
    day="rated_at",
    freshness=timedelta(days=1),
    tags=("films",),
    examples=("SELECT film_id, avg(rating / rating_max) AS rating_share FROM core.ratings GROUP BY film_id LIMIT 10",),
)
