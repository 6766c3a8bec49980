"""Lists that break a rule are not published."""

from datetime import datetime
from typing import Any

import pytest

from models.recommender import predicting
from tests.empty_lake import EmptyLake
from tests.flows.predictions import ROWS, ask, land, run
from tests.models.champions import crown
from watershed.flows.models.publish_predictions import PredictionsBroken
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

DEFECTS = {
    "SELECT * REPLACE ('film0' AS film_id) FROM lists": "unique:film_id",
    "SELECT * FROM lists WHERE user_id <> 5": "none:uncovered",
    "SELECT * FROM lists WHERE NOT (user_id = 5 AND rank = 20)": "none:uncovered",
    "FROM lists UNION ALL SELECT * REPLACE (999 AS user_id) FROM lists WHERE user_id = 5": "none:uncovered",
    "SELECT * REPLACE (21 - rank AS rank) FROM lists": "none:descending",
    "SELECT * REPLACE ('nan'::DOUBLE AS score) FROM lists": "satisfy:score",
}


def test_broken_lists_are_not_published(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    for number, (defect, rule) in enumerate(DEFECTS.items()):
        with monkeypatch.context() as patch:
            break_lists(patch, defect)
            with pytest.raises(PredictionsBroken, match=rule):
                run(f"broken{number}")
    with monkeypatch.context() as patch:
        forget_histories(patch)
        with pytest.raises(PredictionsBroken, match="film_id is not in the history of its user"):
            run("seen")
    assert ask(ROWS) == []


def forget_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the model recommend what was seen."""
    recommend = predicting.recommend

    def forget(model: Any, features: str, choice: dict[str, Any]) -> Any:
        return recommend(Forgetful(model), features, choice)  # type: ignore[arg-type]

    monkeypatch.setattr("models.recommender.predicting.recommend", forget)


def test_scores_that_move_as_a_whole_are_not_published(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    land("object", range(1, 201), 0)
    crown(1)
    run("first")
    land("object", range(1, 201), 5, replacing=True)
    with monkeypatch.context() as patch:
        break_lists(patch, "SELECT * REPLACE (score + 1000 AS score) FROM lists")
        with pytest.raises(PredictionsBroken, match="none:moved"):
            run("second")
        assert run("forced", force=True)["rows"] == 4000
    assert ask("SELECT count(*) FROM ml.recommendations WHERE score > 900") == [(4000,)]


class Forgetful:
    """A model that recommends what was seen."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.as_of: datetime = model.as_of

    def with_history(self, table: Any) -> "Forgetful":
        return Forgetful(self.model.with_history(table))

    def recommend(self, users: Any, k: int, as_of: datetime) -> Any:
        return self.model.recommend(users, k, exclude_seen=False, as_of=as_of)


def break_lists(monkeypatch: pytest.MonkeyPatch, defect: str) -> None:
    """Have every staged portion changed by a query over `lists`."""
    recommend = predicting.recommend

    def spoil(*args: Any) -> Any:
        for portion in recommend(*args):
            con = connect()
            con.register("lists", portion)
            yield con.execute(defect).to_arrow_table().cast(portion.schema)

    monkeypatch.setattr("models.recommender.predicting.recommend", spoil)
