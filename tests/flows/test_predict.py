"""Predictions: for everybody or for those who changed, both give the same table."""

from datetime import timedelta
from typing import Any

import pytest

from models.recommender import MODEL, Config, FactorsConfig
from tests.empty_lake import EmptyLake
from tests.flows.predictions import ROWS, ask, begin, land, run
from tests.models.champions import CONFIG, crown, damage, register
from tests.models.published import NOON, insert, make_rating, rate, watch
from watershed.flows.models.changed_units import NO_CHANGE, choose_units
from watershed.flows.models.drift import measure_drift
from watershed.flows.models.predict import predict
from watershed.flows.models.publish_predictions import check_predictions, publish_predictions
from watershed.flows.upkeep.compact import compact
from watershed.lake.store import open_store, step_key
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import Overtaken

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def first(module_lake: EmptyLake) -> dict[str, Any]:
    """What the first run of the module's lake has done; the tests that ask for it go on from there, in their order."""
    land("object", range(1, 51), 0)
    crown(1)
    return run("first")


def test_a_repeated_publish_changes_nothing(first: dict[str, Any]) -> None:
    assert publish_predictions(begin("first")).snapshot == first["snapshot"]
    assert ask("SELECT count(*) FROM ml.predictions") == [(50,)]


def test_other_features_than_the_champion_was_trained_on(
    first: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(MODEL), "hash_features", lambda model: "another")
    with pytest.raises(ValueError, match="version 1 of recommender was trained on other features"):
        run("other", force=True)


def test_a_new_champion_predicts_for_all(first: dict[str, Any]) -> None:
    crown(2)
    assert run("second")["why"] == "version 2 is a new champion"
    assert ask("SELECT DISTINCT model_version FROM ml.recommendations") == [(2,)]


def test_a_damaged_file_changes_nothing(first: dict[str, Any]) -> None:
    before = ask(ROWS)
    rate(3, "film39", NOON + timedelta(days=30))
    register(damage(crown(3)))
    with pytest.raises(ValueError, match=r"weights.safetensors are damaged.*promote` another version"):
        run("third")
    assert ask(ROWS) == before


@pytest.mark.parametrize("config", [CONFIG, FactorsConfig(factors=8, epochs=2)], ids=lambda config: config.kind)
def test_incremental_equals_full(lake: EmptyLake, config: Config) -> None:
    for number in range(3):
        land(f"object{number}", range(100 * number + 1, 100 * number + 101), number)
    crown(1, config)
    assert run("first")["why"] == "nothing has been predicted before"
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
    assert (second["why"], second["users"], second["withdrawn"]) == ("their features changed", 65, 40)
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
    assert choose_units(begin("none")).why.startswith("there is no champion yet")
    land("object", range(1, 51), 0)
    assert choose_units(begin("none")).why.startswith("there is no champion yet")
    crown(1)
    run("first")
    assert choose_units(begin("again")).why == NO_CHANGE
    land("object", range(1, 51), 0, replacing=True)
    land("more", range(1, 2), 1)
    compact(["core.ratings"])
    assert run("more")["users"] == 1
    rate(9, "film1", NOON + timedelta(days=9))
    compact(["core.ratings"])
    assert run("after")["users"] == 1


def test_an_expired_snapshot_means_everybody(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    first = run("first")["snapshot"]
    ((last,),) = ask("SELECT input_snapshot_id FROM ledger.inputs WHERE table_name = 'ml.recommendations'")
    rate(3, "film39", NOON + timedelta(days=30))
    land("object", range(1, 50), 0, replacing=True)
    connect().execute(f"CALL ducklake_expire_snapshots('lake', versions => [{last + 1}, {first}, {first + 1}])")
    compact(["core.ratings"])
    choice = choose_units(begin("second"))
    assert "features changed" in choice.why
    assert {3, 50} <= {user for (user,) in ask(f"SELECT user_id FROM read_parquet('{choice.file}')")}
    connect().execute(f"CALL ducklake_expire_snapshots('lake', versions => [{last}])")
    assert "has expired" in choose_units(begin("third")).why


def test_a_run_that_was_overtaken_gives_way(lake: EmptyLake) -> None:
    land("object", range(1, 51), 0)
    crown(1)
    for slow in ("beside", "older"):
        choose_units(begin(slow))
        predict(begin(slow))
        measure_drift(begin(slow))
        check_predictions(begin(slow))
    run("first")
    with pytest.raises(Overtaken):
        publish_predictions(begin("beside"))
    crown(2)
    choose_units(begin("late"))
    predict(begin("late"))
    measure_drift(begin("late"))
    check_predictions(begin("late"))
    crown(3)
    with pytest.raises(Overtaken):
        publish_predictions(begin("late"))
    assert ask("SELECT DISTINCT model_version FROM ml.recommendations") == [(1,)]


def test_drift_is_told_once(lake: EmptyLake) -> None:
    land("object", range(1, 801), 0)
    crown(1)
    run("first")
    same = "SELECT max(psi), bool_or(is_drifted), count(*) FROM ml.drifts"
    assert ask(same) == [(0.0, False, 4)]
    insert("core.ratings", [make_rating(u, f"new{u % 50}", NOON + timedelta(days=900)) for u in range(1, 3001)])
    for run_id, told in (("second", True), ("third", False)):
        choose_units(begin(run_id), True)
        predict(begin(run_id))
        measured = measure_drift(begin(run_id))
        assert measured.has_drifted is told
        assert {"popularity_rank", "interactions_per_user", "interacted_at"} <= set(measured.drifted)
        check_predictions(begin(run_id))
        publish_predictions(begin(run_id))


def test_portions_do_not_cut_users(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    land("object", range(1, 121), 0)
    crown(1)
    run("whole")
    whole = ask(ROWS)
    monkeypatch.setattr("models.recommender.predicting.PORTION", 7)
    monkeypatch.setattr("models.recommender.predicting.FILE_ROWS", 100)
    run("cut", force=True)
    assert ask(ROWS) == whole
    assert len(open_store().read_json(step_key("cut", "predict"))["files"]["ml.recommendations"]) > 3
