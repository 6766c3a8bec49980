"""Titles of films as the rating files list them."""

from datetime import timedelta

import pyarrow as pa

from contracts.ratings import RATINGS_FILES
from watershed.declarations.table import TEXT_LIST, Column, Table

TABLE = Table(
    name="film_titles",
    description="Films as the rating files tell them: `item::title (year)::genres`, optionally `::136 min`.",
    grain="one title line of a rating file",
    owner="streaming",
    columns=(
        Column("film_id", pa.string(), "The film; a film of core.films"),
        Column("title", pa.string(), "Title without the year"),
        Column("release_year", pa.int32(), "Year of release; null where the line has none", nullable=True),
        Column("genres", TEXT_LIST, "Genres, possibly none"),
        Column(
            "length_minutes", pa.int32(), "Running time; null where the line has none", nullable=True, unit="minutes"
        ),
    ),
    key=("raw_object", "raw_line"),
    sources=(RATINGS_FILES,),
    replaces="object",
    day=None,
    freshness=timedelta(days=30),
    tags=("films",),
    examples=("SELECT title, release_year FROM core.film_titles WHERE list_contains(genres, 'Comedy') LIMIT 20",),
)
