"""Trainings through real publishes: promoted, refused, repeated, blocked. A test goes on where the last one ended."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from models.recommender import MODEL, FactorsConfig, PopularityConfig
from models.recommender.progress import write_checkpoint
from tests.empty_lake import EmptyLake
from tests.flows.training import begin, keep_candidates, prepare_training, rate_by_taste, run_training
from watershed.flows.models.build_features import (
    MOST_GROWTH,
    TrainingBlocked,
    build_features,
    check_features,
    verify_size,
)
from watershed.flows.models.judge_model import judge_model
from watershed.flows.models.plan_training import TrainingPlan, plan_training
from watershed.flows.models.promote import promote, roll_back
from watershed.flows.models.publish_model import publish_model
from watershed.flows.models.register import RegistryBroken, crown, register
from watershed.flows.models.reproduce import NotReproduced, reproduce
from watershed.flows.models.train_model import train_model
from watershed.flows.models.training_steps import Features
from watershed.lake.store import checkpoint_key, model_key, open_store
from watershed.models.registry import Version, find_champion, find_version, list_versions
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import Overtaken

pytestmark = pytest.mark.servers


def list_states() -> list[str]:
    return [version.state for version in list_versions(connect(read_only=True), MODEL.name)]


def ask_champion() -> Version:
    champion = find_champion(connect(read_only=True), MODEL.name)
    assert champion is not None
    return champion


def ask(query: str) -> list[tuple[Any, ...]]:
    return connect(read_only=True).execute(query).fetchall()


def test_without_interactions_nothing_is_trained(module_lake: EmptyLake) -> None:
    assert plan_training(MODEL).reason == "there are no interactions yet"
    build_features(begin("run-empty"))
    with pytest.raises(TrainingBlocked, match="there are no interactions at snapshot"):
        check_features(begin("run-empty"))


@pytest.mark.parametrize("what", ["users", "items"])
def test_of_one_user_or_item_nothing_is_learned(what: str) -> None:
    features = Features(7, {"interactions": 2000, "users": 9, "items": 9} | {what: 1}, "s3://f", 0)
    with pytest.raises(TrainingBlocked, match=f"all 2,000 interactions at snapshot 7 are of one {what[:-1]}: nothing"):
        verify_size(MODEL, features, None, False)


def test_the_first_version_is_promoted(module_lake: EmptyLake) -> None:
    rate_by_taste(range(1, 61))
    assert plan_training(MODEL) == TrainingPlan(True, "no version has been trained yet", 360)
    published = run_training("run-1")
    assert (published.version, published.state) == (1, "champion")
    assert "it is the first" in published.reason
    champion = ask_champion()
    assert champion.row_count == 360
    assert champion.metrics["users"] == 60
    assert champion.metrics["by_time"]["users"] > 0
    assert champion.metrics["by_time"]["moment"] > "2026-11-05"
    assert champion.metrics["ndcg_at_10"]["value"] > champion.metrics["baselines"]["popularity"]["ndcg_at_10"]["value"]
    assert ask("SELECT day, input_snapshot_id FROM ledger.inputs WHERE table_name = 'ml.models'") == [
        (None, champion.data_snapshot_id)
    ]
    checked = "SELECT table_name, bool_and(is_success) FROM ledger.checks WHERE run_id = 'run-1' GROUP BY 1 ORDER BY 1"
    assert ask(checked) == [("features.interactions", True), ("ml.models", True)]


def test_its_folder_holds_weights_card_curves_and_metrics(module_lake: EmptyLake) -> None:
    store, champion = open_store(), ask_champion()
    files = {name: store.read_bytes(model_key(MODEL.name, 1, name)) for name in list_folder(1)}
    assert set(files) == {"weights.safetensors", "card.md", "curves.png", "metrics.json"}
    assert hashlib.sha256(files["weights.safetensors"]).hexdigest() == champion.weights_sha256
    assert json.loads(files["metrics.json"]) == champion.metrics
    assert files["curves.png"].startswith(b"\x89PNG")
    card = files["card.md"].decode()
    assert all(word in card for word in ("version 1", "popularity", "heavy", "light", champion.code_sha256))
    assert list(store.list(checkpoint_key(MODEL.name, "run-1", ""))) == []


def list_folder(number: int) -> list[str]:
    return [key.rpartition("/")[2] for key in open_store().list(model_key(MODEL.name, number, ""))]


def test_repeated_steps_change_nothing(module_lake: EmptyLake) -> None:
    before = ask_champion()
    assert build_features(begin("run-1")).counts["interactions"] == 360
    again = publish_model(begin("run-1"))
    assert (again.version, again.state) == (1, "champion")
    assert ask_champion() == before
    assert not plan_training(MODEL).is_due


def test_the_next_version_takes_the_place_of_the_first(module_lake: EmptyLake) -> None:
    rate_by_taste(range(61, 91), seed=1)
    assert plan_training(MODEL).is_due
    published = run_training("run-2")
    assert (published.version, published.state) == (2, "champion")
    assert list_states() == ["retired", "champion"]
    champion, first = ask_champion(), find_version(connect(read_only=True), MODEL.name, 1)
    assert champion.parent_version == 1
    assert set(champion.metrics["difference"]) == {"hr_at_10", "ndcg_at_10"}
    assert first.reason == "version 2 took its place"
    assert first.changed_at == champion.changed_at


def test_a_worse_version_is_refused_and_changes_nothing(module_lake: EmptyLake) -> None:
    before = ask_champion()
    published = run_training("run-3", [PopularityConfig()])
    assert (published.version, published.state) == (3, "refused")
    assert "it is worse than version 2" in published.reason
    assert ask_champion() == before
    assert find_version(connect(read_only=True), MODEL.name, 3).reason == published.reason
    assert "weights.safetensors" in list_folder(3)


def test_a_person_promotes_and_rolls_back(module_lake: EmptyLake) -> None:
    assert promote(MODEL, 3, "ada", "a trial").retired == 2
    assert ask_champion().reason == "promoted by ada: a trial"
    assert list_states() == ["retired", "retired", "champion"]
    assert roll_back(MODEL, "ada", "the trial is over").version == 2
    assert list_states() == ["retired", "champion", "retired"]
    with pytest.raises(ValueError, match="version 2 of recommender is the champion already"):
        promote(MODEL, 2, "ada", "again")
    with pytest.raises(LookupError, match="there is no version 9 of recommender: the versions are 1, 2, 3"):
        promote(MODEL, 9, "ada", "why not")


def test_a_version_is_rebuilt_to_the_last_bit(module_lake: EmptyLake) -> None:
    reproduced = reproduce(MODEL, 2)
    assert reproduced.is_identical
    assert reproduced.figure == pytest.approx(ask_champion().metrics["ndcg_at_10"]["value"], abs=1e-6)


def test_what_cannot_be_rebuilt_says_why(module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = ask_champion().code_commit
    with monkeypatch.context() as patch:
        patch.setattr("models.recommender.training.hash_code", lambda: "another")
        with pytest.raises(NotReproduced, match=f"another one: check out commit {commit}, then try again"):
            reproduce(MODEL, 2)
    with monkeypatch.context() as patch:
        patch.setattr("models.recommender.model.Model.save", lambda model, uri: "0" * 64)
        with pytest.raises(NotReproduced, match="training is not deterministic, a defect"):
            reproduce(MODEL, 2)
        patch.setattr("models.recommender.training.list_libraries", lambda: {"torch": "3"})
        assert reproduce(MODEL, 2).is_identical is False


def test_a_repeated_training_goes_on_where_it_was(module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first try dies after the fifth of its checkpoints, in the winner's second epoch."""
    config, kept = FactorsConfig(factors=8, epochs=4), []

    def die_late(uri: str, *state: Any) -> None:
        write_checkpoint(uri, *state)
        kept.append(uri)
        if len(kept) == 5:
            raise ConnectionError("the server is away")

    for run_id in ("run-whole", "run-broken"):
        build_features(begin(run_id))
        keep_candidates(run_id, [config])
    train_model(begin("run-whole"))
    monkeypatch.setattr("models.recommender.progress.write_checkpoint", die_late)
    with pytest.raises(ConnectionError):
        train_model(begin("run-broken"))
    train_model(begin("run-broken"))
    assert [uri.rpartition("/")[2] for uri in kept] == ["try_factors"] * 3 + ["winner"] * 3
    whole, broken = (open_store().read_json(f"runs/{run}/train_model.json") for run in ("run-whole", "run-broken"))
    assert whole["weights_sha256"] == broken["weights_sha256"]


def test_settings_are_chosen_by_the_data_and_kept(module_lake: EmptyLake) -> None:
    """A task that died after the choice goes on with it."""
    build_features(begin("run-chosen"))
    store, key = open_store(), "runs/run-chosen/candidates.json"
    told = train_model(begin("run-chosen"))
    assert set(told["validation_ndcg_at_10"]) == {"popularity", "item_item", "factors", "blend"}
    tried = store.read_json("runs/run-chosen/train_model.json")["own"]["candidates"]
    assert [json.loads(one["config"]) for one in tried] == store.read_json(key)["configs"]
    build_features(begin("run-kept"))
    kept = [{"kind": "factors", "factors": 4, "epochs": 2}]
    store.write_json(key.replace("chosen", "kept"), {"configs": kept})
    assert list(train_model(begin("run-kept"))["validation_ndcg_at_10"]) == ["factors"]


def test_a_rule_of_the_registry_blocks(module_lake: EmptyLake) -> None:
    versions = list_versions(connect(read_only=True), MODEL.name)
    two = [crown(version, "both", None)[0] for version in versions[:2]]
    with pytest.raises(RegistryBroken, match="a model has one champion at most"):
        register(two, "run-x", "test", 2, 1)
    with pytest.raises(Overtaken):
        register([replace(versions[0], reason="version 3 was champion when I looked")], "run-y", "test", 3, 1)
    assert list_states() == ["retired", "champion", "retired"]


def test_a_damaged_champion_blocks(module_lake: EmptyLake) -> None:
    store, champion = open_store(), ask_champion()
    key = model_key(MODEL.name, 2, "weights.safetensors")
    content = store.read_bytes(key)
    store.write_bytes(key, content[:-1] + b"\x07")
    with pytest.raises(ValueError, match=r"version 2 .champion. at .* are damaged"):
        prepare_training("run-4")
    store.remove_all(key)
    with pytest.raises(ValueError, match=r"version 2 .champion. are not at .*: restore the file, or"):
        judge_model(begin("run-4"))
    assert ask_champion() == champion
    store.write_bytes(key, content)
    assert judge_model(begin("run-4")).judgement.state in ("champion", "refused")


def test_ten_times_the_size_is_a_defect_first(module_lake: EmptyLake) -> None:
    users = range(1000, 1000 + MOST_GROWTH * 100)
    rate_by_taste(users, seed=2)
    build_features(begin("run-huge"))
    with pytest.raises(TrainingBlocked, match="more than 10 times the 540 of the champion, version 2"):
        check_features(begin("run-huge"))
    assert check_features(begin("run-huge"), accept_growth=True)["rows"] > MOST_GROWTH * 540


def test_drift_asks_for_a_training(module_lake: EmptyLake) -> None:
    publish = "INSERT INTO ledger.publishes VALUES ('run', 'ml.recommendations', 'test', 1, now(), 0, 0, 0, 0, 0, 0, 0)"
    connect().execute(publish)
    drifted = "INSERT INTO ml.drifts VALUES (TIMESTAMP '{at}', 'run', {version}, 'score', 0.3, {is_drifted}, 100)"
    for at, version, is_drifted in (("2001-01-01", 2, True), ("2100-01-01", 1, True), ("2100-01-01", 2, False)):
        connect().execute(drifted.format(at=at, version=version, is_drifted=is_drifted))
    assert "has drifted" not in plan_training(MODEL).reason
    connect().execute(drifted.format(at="2100-01-01", version=2, is_drifted=True))
    assert plan_training(MODEL).reason == "what the champion sees has drifted since version 3 was trained"
