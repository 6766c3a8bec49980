"""What every kind of model promises: scores, recommendations, newcomers, files."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.recommender import BlendConfig, Config, ItemItemConfig, Model, PopularityConfig, fit, load
from models.recommender.config import FactorsConfig, format_config, read_config
from models.recommender.model import CHUNK, find_top
from tests.models.recommender.taste import START, draw_tastes, spell

LINEAR, LATENT = ItemItemConfig(regularization=1), FactorsConfig(factors=4, epochs=3)
MOVED = ItemItemConfig(regularization=1, next_weight=1, recency_days=1, trend_weight=2.5)
KINDS: list[Config] = [PopularityConfig(), LATENT, LINEAR, BlendConfig(item_item=LINEAR, factors=LATENT), MOVED]


@pytest.fixture(scope="module", params=KINDS, ids=lambda config: config.kind)
def model(request: pytest.FixtureRequest) -> Model:
    return fit(draw_tastes(), request.param)


def test_the_best_come_first_and_none_was_seen(model: Model) -> None:
    seen = {(row["user_id"], row["item_id"]) for row in draw_tastes().to_pylist()}
    found = model.recommend([1, 2], 5)
    assert found["user_id"].to_pylist() == [1] * 5 + [2] * 5
    assert found["rank"].to_pylist() == [1, 2, 3, 4, 5] * 2
    assert not seen & set(zip(found["user_id"].to_pylist(), found["item_id"].to_pylist(), strict=True))
    scores = found["score"].to_numpy().reshape(2, 5)
    assert (np.diff(scores) <= 0).all()
    assert len(model.recommend([1], 100)) == 40 - 8
    assert len(model.recommend([1], 100, exclude_seen=False)) == 40


def test_scores_are_those_of_recommendations(model: Model) -> None:
    found = model.recommend([3, 4], 7)
    assert model.score(found["user_id"], found["item_id"]).tolist() == found["score"].to_pylist()


def test_newcomers_and_unknown_items_have_an_answer(model: Model) -> None:
    newcomers = model.recommend([-1, "nobody", 10**12] and [10**12, 5], 3)
    assert len(newcomers) == 6
    assert model.recommend(["nobody"], 3)["item_id"].to_pylist() == newcomers["item_id"].to_pylist()[:3]
    assert model.score([1, 10**12], ["film-of-tomorrow", "film-of-tomorrow"]).tolist() == [0, 0]
    assert len(model.recommend([], 3)) == 0


@pytest.mark.parametrize("config", KINDS, ids=lambda config: config.kind)
def test_newcomers_get_what_most_people_take(config: Config) -> None:
    """Whatever the kind, and however little the trend counts for others."""
    model = fit(draw_tastes().drop(["interacted_at"]), config)
    counts = np.bincount(model.history.item)
    taken = model.history.find_items(model.recommend(["nobody"], 5)["item_id"])
    assert counts[taken].tolist() == sorted(counts, reverse=True)[:5]


def test_what_is_predicted_depends_on_nobody_else(model: Model) -> None:
    """Bit by bit, whoever is in the batch: an incremental run gives what a full one gives."""
    everybody = model.recommend(model.history.users, 10).to_pylist()
    for user in (1, 60, 120):
        alone = model.recommend([user], 10).to_pylist()
        assert alone == [row for row in everybody if row["user_id"] == user]


def test_new_histories_need_no_training(model: Model) -> None:
    newer = model.with_history(spell((500, "film-000", 9), (500, "film-001", 9), (500, "unheard-of", 9)))
    assert newer.history.users.to_pylist() == [500]
    assert not {"film-000", "film-001"} & set(newer.recommend([500], 10)["item_id"].to_pylist())


def test_a_file_gives_the_same_model(model: Model, tmp_path: Path) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    assert model.save(one) == load(one).save(other)
    again = load(one)
    assert again.recommend([1, 2, 77_777], 10).equals(model.recommend([1, 2, 77_777], 10))
    assert (again.config, again.as_of) == (model.config, model.as_of)


def test_training_again_gives_the_same_bits(model: Model, tmp_path: Path) -> None:
    again = fit(draw_tastes(), model.config)
    assert again.save(str(tmp_path / "again")) == model.save(str(tmp_path / "first"))


@pytest.mark.parametrize("config", KINDS[1:], ids=lambda config: config.kind)
def test_tastes_are_learned(config: Config) -> None:
    model = fit(draw_tastes(), config)
    for user, half in ((1, range(20)), (2, range(20, 40))):
        assert set(model.recommend([user], 8)["item_id"].to_pylist()) <= {f"film-{n:03}" for n in half}


def test_recent_items_and_the_trend_count_more() -> None:
    rows = [(u, f"old-{u % 3}", 0.0) for u in range(1, 60)] + [(u, f"new-{u % 3}", 80.0) for u in range(30, 60)]
    model = fit(spell(*rows), ItemItemConfig(least_users=1, recency_days=1, trend_weight=2.5))
    assert model.as_of == START + timedelta(days=80)
    then = model.recommend([9999], 3, as_of=datetime(2024, 3, 5))["item_id"].to_pylist()
    now = model.recommend([9999], 3)["item_id"].to_pylist()
    assert all(item.startswith("old") for item in then)
    assert all(item.startswith("new") for item in now)


def test_ids_need_not_be_dense_nor_numbers() -> None:
    table = draw_tastes()
    texts = pa.table(
        {
            "user_id": [f"ü-{n * 7919}" for n in table["user_id"].to_pylist()],
            "item_id": [hash_number(name) for name in table["item_id"].to_pylist()],
            "interacted_at": table["interacted_at"],
        }
    )
    found = fit(texts).recommend(["ü-7919"], 3)
    assert found["user_id"].to_pylist() == ["ü-7919"] * 3
    assert all(isinstance(item, int) for item in found["item_id"].to_pylist())


def hash_number(name: str) -> int:
    return int(name.removeprefix("film-")) * 10**12 + 3


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    fit(draw_tastes()).save(str(path))
    content = path.read_bytes()
    for damaged in (b"", b"no model", content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is damaged or no model"):
            load(str(path))
    with pytest.raises(LookupError, match="there is no file"):
        load(str(tmp_path / "missing"))


def test_a_file_of_another_format_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    fit(draw_tastes()).save(str(path))
    save_file(load_file(path), path, metadata={"model": '{"format": "99"}'})
    with pytest.raises(ValueError, match="was saved in format 99 and this version reads format 1: train again"):
        load(str(path))


def test_a_config_is_read_as_it_is_spelled() -> None:
    for config in KINDS:
        assert read_config(format_config(config)) == config
    with pytest.raises(ValueError, match="there is no kind of model 'magic'"):
        read_config('{"kind": "magic"}')
    assert read_config('{"kind": "blend", "factors": {"factors": 9}}') == BlendConfig(factors=FactorsConfig(factors=9))
    with pytest.raises(ValueError, match="a model of kind factors has no parameter depth"):
        read_config('{"kind": "blend", "factors": {"depth": 9}}')
    with pytest.raises(ValueError, match="a blend has one trend, and trend_days is 8"):
        BlendConfig(factors=FactorsConfig(trend_days=3))
    with pytest.raises(ValueError, match="has no parameter depth"):
        read_config('{"kind": "item_item", "depth": 3}')


@pytest.mark.parametrize("columns", [1, 5, 20, 40 * CHUNK, 50 * CHUNK + 1, 1999])
@pytest.mark.parametrize("k", [1, 10, 20])
def test_the_best_are_found(columns: int, k: int) -> None:
    scores = torch.randn(37, columns, generator=torch.Generator().manual_seed(columns))
    best, place = find_top(scores, k)
    assert best.shape == (37, min(k, columns))
    assert torch.equal(best.sort(1, descending=True).values, scores.sort(1, descending=True).values[:, :k])
    assert torch.equal(scores.gather(1, place), best)
    assert all(len(set(row)) == len(row) for row in place.tolist())


def test_rows_do_not_depend_on_each_other_even_with_ties() -> None:
    scores = torch.randint(0, 5, (300, 2000), generator=torch.Generator().manual_seed(0)).float()
    scores[:, 7::3] = -torch.inf
    _, together = find_top(scores, 20)
    for row in range(0, 300, 30):
        assert set(find_top(scores[row : row + 1], 20)[1][0].tolist()) == set(together[row].tolist())
