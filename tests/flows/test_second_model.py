"""A second model is a folder and its contracts. The engine's steps train it, judge it, register it and predict with it,
beside the first, and no file is edited that others share."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.empty_lake import EmptyLake
from tests.models.champions import crown
from tests.models.published import NOON, rate
from tests.models.second_model import join_project
from watershed.flows.models.begun import begin_model_run
from watershed.flows.models.build_features import build_features, check_features
from watershed.flows.models.changed_units import NO_CHANGE, choose_units
from watershed.flows.models.drift import measure_drift
from watershed.flows.models.judge_model import judge_model
from watershed.flows.models.plan_training import plan_training
from watershed.flows.models.predict import predict
from watershed.flows.models.promote import promote, roll_back
from watershed.flows.models.publish_model import publish_model
from watershed.flows.models.publish_predictions import check_predictions, publish_predictions
from watershed.flows.models.reproduce import reproduce
from watershed.flows.models.train_model import train_model
from watershed.lineage.models import trace_features, trace_made
from watershed.lineage.origins import ColumnOrigin
from watershed.models.model import Model, find_only_model, list_models
from watershed.models.registry import find_champion
from watershed.models.run import Choice
from watershed.warehouse.connection import connect


@pytest.fixture
def weekdays() -> Iterator[Model]:
    with join_project() as model:
        yield model


def test_it_says_where_its_columns_come_from(weekdays: Model) -> None:
    assert [model.name for model in list_models()] == ["recommender", "weekdays"]
    with pytest.raises(LookupError, match="name one of the models: recommender, weekdays"):
        find_only_model()
    film = ColumnOrigin("features.film_weekdays", "film_id")
    weights = ColumnOrigin("ml.models", "weights_uri", "computed")
    assert trace_made("ml.weekday_films").columns["film_id"] == (film, weights)
    traced = trace_features("features.film_weekdays").columns["film_id"]
    assert {origin.address for origin in traced} == {"core.ratings"}
    learned = {origin.address for origin in trace_made("ml.models").columns["weights_uri"]}
    assert learned == {"features.interactions", "features.film_weekdays"}


def train(model: Model, run_id: str) -> str:
    """The state of the version."""
    run = begin_model_run(model, run_id, "test")
    build_features(run)
    check_features(run)
    assert train_model(run) == {"weekdays": 7}
    judge_model(run)
    return publish_model(run).state


def predict_all(model: Model, run_id: str) -> str:
    """Why there was something to predict, or nothing."""
    run = begin_model_run(model, run_id, "test")
    choice = choose_units(run)
    if isinstance(choice, Choice):
        predict(run)
        measure_drift(run)
        check_predictions(run)
        assert publish_predictions(run).counts == {"weekdays": 7}
    return choice.why


def ask(query: str) -> list[tuple[Any, ...]]:
    return connect(read_only=True).execute(query).fetchall()


@pytest.mark.servers
def test_it_lives_beside_the_first(lake: EmptyLake, weekdays: Model) -> None:
    for day in range(7):
        for user, film in ((1, f"film{day}"), (2, f"film{day}"), (3, "other")):
            rate(user, film, NOON + timedelta(days=day))
    first = crown(1)
    assert plan_training(weekdays).reason == "no version has been trained yet"
    assert train(weekdays, "run-1") == "champion"
    assert train(weekdays, "run-2") == "refused"
    assert reproduce(weekdays, 1).is_identical
    assert predict_all(weekdays, "day-1") == "nothing has been predicted before"
    films = "SELECT DISTINCT model_version, count(*) OVER () FROM ml.weekday_films WHERE film_id LIKE 'film%'"
    assert ask(films) == [(1, 7)]
    assert predict_all(weekdays, "day-2") == NO_CHANGE
    rate(9, "other", NOON)
    assert predict_all(weekdays, "day-3") == "what is learned from changed"
    assert promote(weekdays, 2, "ada", "a trial").retired == 1
    assert predict_all(weekdays, "day-4") == "version 2 is a new champion"
    assert roll_back(weekdays, "ada", "enough").version == 1
    (metrics,) = ask("SELECT metrics_json FROM ml.models WHERE model_name = 'weekdays' AND model_version = 1")
    assert json.loads(metrics[0]) == {"share_of_ratings": {"value": pytest.approx(2 / 3)}}
    con = connect(read_only=True)
    assert find_champion(con, "recommender") == first
