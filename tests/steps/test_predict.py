"""Predictions: for everybody or for those who changed, both give the same table; nothing broken is published."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pytest

import steps.predict
from contracts.settings import load_settings
from lake.store import open_store, spell_step_key, spell_table_key
from models.recommender import Config, FactorsConfig
from steps.changed_users import NO_CHAMPION, NO_CHANGE, choose_users
from steps.compact import compact
from steps.drift import measure_drift
from steps.predict import predict
from steps.publish_predictions import PredictionsBroken, check_predictions, publish_predictions
from tests.empty_lake import EmptyLake
from tests.models.champions import CONFIG, crown, damage, register
from tests.models.published import NOON, insert, rate, spell_rating, watch
from warehouse.connection import connect, quote
from warehouse.publish import Overtaken, hold_lock, register_files

pytestmark = pytest.mark.servers

ROWS = "SELECT user_id, rank, film_id, score, model_version FROM ml.recommendations ORDER BY ALL"
FILMS = [f"film{n}" for n in range(40)]


def run(run_id: str, force: bool = False) -> dict[str, Any]:
    """A run of the DAG: the choice, with what was published if anything was."""
    choice = choose_users(run_id, force)
    if choice["users"] == 0:
        return choice
    predict(run_id)
    measure_drift(run_id)
    check_predictions(run_id)
    return choice | publish_predictions(run_id, "test")


def ask(query: str) -> list[Any]:
    return connect().execute(query).fetchall()


def land(raw_object: str, users: range, seed: int, replacing: bool = False) -> None:
    """Ratings as a publish puts them: a registered file, in place of what the object held before."""
    rng = np.random.default_rng(seed)
    rows = [
        spell_rating(user, FILMS[film], NOON + timedelta(minutes=int(rng.integers(10_000))))
        for user in users
        for film in rng.choice(len(FILMS), rng.integers(1, 8), replace=False, p=np.arange(40, 0, -1) / 820)
    ]
    con = connect()
    con.register("rows", pa.Table.from_pylist(rows))
    file = open_store().address(spell_table_key("core.ratings", f"{raw_object}-{uuid4().hex}"))
    query = f"""
        SELECT * REPLACE (rating::INT AS rating, rating_max::INT AS rating_max), NULL::VARCHAR AS event_id,
               {quote(raw_object)} AS raw_object, row_number() OVER () AS raw_line
        FROM rows"""
    con.execute(f"COPY ({query}) TO {quote(file)} (FORMAT parquet)")
    with hold_lock(load_settings()):
        con.begin()
        if replacing:
            con.execute("DELETE FROM core.ratings WHERE raw_object = ?", [raw_object])
        register_files(con, "core.ratings", (file,))
        con.commit()


@pytest.mark.parametrize("config", [CONFIG, FactorsConfig(factors=8, epochs=2)], ids=lambda config: config.kind)
def test_incremental_equals_full(lake: EmptyLake, config: Config) -> None:
    for number in range(3):
        land(f"object{number}", range(100 * number + 1, 100 * number + 101), number)
    crown(1, config)
    assert run("first")["why"] == "nothing was predicted before"
    before = ask(ROWS)
    assert len({row[0] for row in before}) == 300
    land("object1", range(101, 161), 7, replacing=True)  # other films, and 40 users withdrawn altogether
    rate(5, "film39", NOON + timedelta(days=30))
    rate(1000, "film3")
    watch(1001, "film7", [0, 1, 2, 3, 4])
    watch(6, "unheard+of", [0, 1, 2, 3, 4])
    watch(7, "film1", [0, 1])
    land("object2", range(201, 301), 2, replacing=True)  # the same rows again

    second = run("second")
    assert (second["why"], second["users"], second["withdrawn"]) == ("their history changed", 65, 40)
    incremental = ask(ROWS)
    assert incremental != before
    assert {row[0] for row in incremental} == {*range(1, 161), *range(201, 301), 1000, 1001}

    assert run("everybody", force=True)["why"] == "everybody was asked for"
    assert ask(ROWS) == incremental


def test_lists_stay_in_predictions(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    run("first")
    rate(3, "film39", NOON + timedelta(days=30))
    connect().execute("DELETE FROM core.ratings WHERE user_id = 4")
    run("second")
    lists = "SELECT run_id, count(*), min(len(film_ids)) FROM ml.predictions GROUP BY run_id ORDER BY run_id"
    assert ask(lists) == [("first", 50, 20), ("second", 2, 0)]
    latest = """
        SELECT user_id, list(film_id ORDER BY rank) FROM ml.recommendations GROUP BY user_id ORDER BY user_id"""
    held = """
        SELECT user_id, arg_max(film_ids, predicted_at) AS films FROM ml.predictions GROUP BY user_id
        HAVING len(films) > 0 ORDER BY user_id"""
    assert ask(latest) == ask(held)


def test_nothing_to_do(lake: EmptyLake) -> None:
    assert choose_users("none")["why"] == NO_CHAMPION
    land("object", range(1, 51), 0)
    assert choose_users("none")["why"] == NO_CHAMPION
    crown(1)
    run("first")
    assert choose_users("again")["why"] == NO_CHANGE
    land("object", range(1, 51), 0, replacing=True)
    land("more", range(1, 2), 1)
    compact(["core.ratings"])
    assert run("more")["users"] == 1
    rate(9, "film1", NOON + timedelta(days=9))
    compact(["core.ratings"])
    assert run("after")["users"] == 1


def test_a_new_champion_predicts_for_all(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    run("first")
    crown(2)
    assert run("second")["why"] == "version 2 is a new champion"
    assert ask("SELECT DISTINCT model_version FROM ml.recommendations") == [(2,)]


def test_an_expired_snapshot_means_everybody(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    run("first")
    rate(3, "film39", NOON + timedelta(days=30))
    ((data_snapshot,),) = ask("SELECT input_snapshot_id FROM ledger.inputs WHERE table_name = 'ml.recommendations'")
    connect().execute(f"CALL ducklake_expire_snapshots('lake', versions => [{data_snapshot}])")
    assert "has expired" in choose_users("second")["why"]


def test_a_damaged_file_changes_nothing(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    champion = crown(1)
    run("first")
    before = ask(ROWS)
    rate(3, "film39", NOON + timedelta(days=30))
    register(damage(champion))
    with pytest.raises(ValueError, match=r"weights.safetensors are damaged.*promote` another version"):
        run("second")
    assert ask(ROWS) == before


def test_other_features_than_the_champion_was_trained_on(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    monkeypatch.setattr("steps.changed_users.hash_features", lambda: "another")
    with pytest.raises(ValueError, match="version 1 of the recommender was trained on other features"):
        run("first")


def test_a_run_that_was_overtaken_gives_way(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    for slow in ("beside", "older"):
        choose_users(slow)
        predict(slow)
        measure_drift(slow)
        check_predictions(slow)
    run("first")
    with pytest.raises(Overtaken):
        publish_predictions("beside", "test")
    crown(2)
    choose_users("late")
    predict("late")
    measure_drift("late")
    check_predictions("late")
    crown(3)
    with pytest.raises(Overtaken):
        publish_predictions("late", "test")
    assert ask("SELECT DISTINCT model_version FROM ml.recommendations") == [(1,)]


def test_a_repeated_publish_changes_nothing(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    first = run("first")
    assert publish_predictions("first", "test")["snapshot"] == first["snapshot"]
    assert ask("SELECT count(*) FROM ml.predictions") == [(50,)]


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
        with pytest.raises(PredictionsBroken, match="no film is recommended to who has seen it"):
            run("seen")
    assert ask(ROWS) == []


def forget_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the model recommend what was seen."""
    recommend = steps.predict.recommend

    def forget(model: Any, features: str, choice: dict[str, Any]) -> Any:
        return recommend(Forgetful(model), features, choice)  # type: ignore[arg-type]

    monkeypatch.setattr("steps.predict.recommend", forget)


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


def test_drift_is_told_once(lake: EmptyLake) -> None:
    land("object", range(1, 801), 0)
    crown(1)
    run("first")
    same = "SELECT max(psi), bool_or(is_drifted), count(*) FROM ml.drifts"
    assert ask(same) == [(0.0, False, 4)]
    insert("core.ratings", [spell_rating(u, f"new{u % 50}", NOON + timedelta(days=900)) for u in range(1, 3001)])
    for run_id, told in (("second", True), ("third", False)):
        choose_users(run_id, True)
        predict(run_id)
        measured = measure_drift(run_id)
        assert measured["has_drifted"] is told
        assert {"popularity_rank", "interactions_per_user", "age_days"} <= set(measured["drifted"])
        check_predictions(run_id)
        publish_predictions(run_id, "test")


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
    recommend = steps.predict.recommend

    def spoil(*args: Any) -> Any:
        for portion in recommend(*args):
            con = connect()
            con.register("lists", portion)
            yield con.execute(defect).to_arrow_table().cast(portion.schema)

    monkeypatch.setattr("steps.predict.recommend", spoil)


def test_portions_do_not_cut_users(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    land("object", range(1, 121), 0)
    crown(1)
    run("whole")
    whole = ask(ROWS)
    monkeypatch.setattr("steps.predict.PORTION", 7)
    monkeypatch.setattr("steps.predict.FILE_ROWS", 100)
    run("cut", force=True)
    assert ask(ROWS) == whole
    assert len(open_store().read_json(spell_step_key("cut", "predict"))["files"]["ml.recommendations"]) > 3
