"""The film of each day of the week: the one that was rated most on such days."""

from pathlib import Path

from contracts.film_weekdays import FEATURES
from contracts.weekday_films import TABLE
from watershed.models.model import WEIGHTS, Model

MODEL = Model(
    name="weekdays",
    features=FEATURES,
    query=Path(__file__).with_name("features.sql"),
    inputs=("core.ratings",),
    counted={"films": "film_id"},
    tables=(TABLE,),
    metric="share_of_ratings",
    train_dag="train_weekdays",
    predict_dag="predict_weekdays",
    digests={"core.ratings": "hash(film_id, rated_at)"},
    lineage={"ml.weekday_films": {"weekday": ("weekday",), "film_id": ("film_id", WEIGHTS)}},
)
