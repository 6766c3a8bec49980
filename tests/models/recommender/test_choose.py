"""The default is chosen by what the data are: of worlds that differ in all that could mislead it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.recommender import (
    BlendConfig,
    Config,
    FactorsConfig,
    ItemItemConfig,
    PopularityConfig,
    choose,
    fit,
    rank_last,
    split_last,
    summarize,
)
from models.recommender.choose import choose_configs, hold_out, settle
from models.recommender.interactions import Interactions, prepare
from tests.models.recommender.taste import draw_world, read_movietweetings, spell

# What somebody could have taken for a default: each is the best in some world, and far from it in another.
MOVING = {"recency_days": 1.0, "trend_weight": 2.5}
SINGLE: tuple[Config, ...] = (
    PopularityConfig(),
    ItemItemConfig(),
    ItemItemConfig(regularization=200),
    ItemItemConfig(next_weight=1, **MOVING),
    FactorsConfig(factors=32),
    FactorsConfig(factors=32, unseen_weight=0.05),
    FactorsConfig(factors=32, unseen_weight=0.05, **MOVING),
)
WORLDS: dict[str, dict[str, Any]] = {
    "dense": {},
    "sparse": {"users": 2000, "items": 600, "each": 4},
    "few items": {"users": 800, "items": 25, "each": 6},
    "many items": {"users": 1200, "items": 1200, "each": 12},
    "a sequence": {"sequence": 0.6},
    "a drift": {"drift": 0.4},
    "both": {"sequence": 0.4, "drift": 0.2},
    "no taste": {"taste": 0.0},
}


def measure(known: pa.Table, held_out: pa.Table, config: Config) -> float:
    return float(summarize(rank_last(fit(known, config), held_out))["ndcg_at_10"]["value"])


def drop_times(table: pa.Table) -> pa.Table:
    return table.select(["user_id", "item_id"])


def list_parts(config: Config) -> list[Any]:
    """A blend's two, or the config itself."""
    return [config.item_item, config.factors] if isinstance(config, BlendConfig) else [config]


def has_moments(config: Any) -> bool:
    return bool(getattr(config, "next_weight", 0) or getattr(config, "trend_weight", 0)) or bool(
        getattr(config, "recency_days", None)
    )


@pytest.mark.parametrize("name", WORLDS)
def test_the_choice_is_about_as_good_as_the_best(name: str) -> None:
    known, held_out = split_last(draw_world(**WORLDS[name]))
    best = max(measure(known, held_out, config) for config in SINGLE)
    assert measure(known, held_out, choose_configs(prepare(known))[0]) > 0.95 * best


@pytest.mark.parametrize("name", ["dense", "sparse", "a sequence", "both"])
def test_without_times_it_is_as_good_and_needs_none(name: str) -> None:
    known, held_out = split_last(draw_world(**WORLDS[name]))
    chosen = choose_configs(prepare(drop_times(known)))
    assert not any(has_moments(part) for config in chosen for part in list_parts(config))
    best = max(measure(drop_times(known), held_out, config) for config in (*SINGLE[:3], *SINGLE[4:6]))
    assert measure(drop_times(known), held_out, chosen[0]) > 0.95 * best


def test_the_order_of_rows_and_a_constant_time_say_nothing() -> None:
    table = drop_times(draw_world(sequence=0.9))
    found = fit(table)
    shuffled = table.take(np.random.default_rng(0).permutation(len(table)))
    constant = table.append_column("interacted_at", pa.array(np.full(len(table), 1_700_000_000)))
    for other in (shuffled, constant):
        again = fit(other)
        assert again.config == found.config
        assert again.recommend([1, 2, 3], 9)["item_id"].equals(found.recommend([1, 2, 3], 9)["item_id"])


def test_times_by_chance_add_nothing() -> None:
    """Of users whose order means nothing, neither a sequence nor a fading history is learned."""
    table = drop_times(draw_world(users=1500, items=60))
    seconds = np.random.default_rng(0).integers(10**9, 10**9 + 10**7, len(table))
    config = choose_configs(prepare(table.append_column("interacted_at", pa.array(seconds))))[0]
    for part in list_parts(config):
        assert getattr(part, "next_weight", 0) <= 0.2 and (part.recency_days or 99) >= 30


@pytest.mark.parametrize("times", [True, False], ids=["with times", "without"])
def test_of_real_ratings_too(times: bool) -> None:
    """Those of an eighth of MovieTweetings' users."""
    table = read_movietweetings()
    known, held_out = split_last(table.filter(pc.equal(pc.bit_wise_and(table["user_id"], 7), 1)))
    known = known if times else drop_times(known)
    best = max(measure(known, held_out, config) for config in (*SINGLE[:3], *SINGLE[3 : 3 + times]))
    assert measure(known, held_out, choose_configs(prepare(known))[0]) > 0.95 * best


@pytest.mark.parametrize(("name", "setting"), [("a sequence", "next_weight"), ("a drift", "trend_weight")])
def test_what_is_there_is_found(name: str, setting: str) -> None:
    best = choose_configs(prepare(draw_world(**WORLDS[name])))[0]
    assert any(getattr(part, setting, 0) for part in list_parts(best))


def test_seconds_and_timestamps_numbers_and_texts_are_alike() -> None:
    table = draw_world(users=300, items=60, sequence=0.5)
    moments = pa.array(table["interacted_at"].to_numpy() * 1_000_000, pa.timestamp("us"))
    users = [f"u{user:05}" for user in table["user_id"].to_pylist()]
    items = [f"i{item:05}" for item in table["item_id"].to_pylist()]
    other = pa.table({"user_id": users, "item_id": items, "interacted_at": moments})
    assert choose_configs(prepare(table)) == choose_configs(prepare(other))


def test_the_choice_is_the_same_every_time_for_a_seed() -> None:
    history = prepare(draw_world(users=200, items=50))
    assert choose_configs(history) == choose_configs(history)
    assert choose_configs(history, seed=3) == choose_configs(history, seed=3)


def test_weights_count() -> None:
    """Most of what is in the table weighs next to nothing: it is scored as if it were not there."""
    table = draw_world(users=200, items=50)
    model = fit(table.append_column("weight", pa.array(np.full(len(table), 0.5))))
    assert np.isfinite(model.recommend([1, 2, 3], 5)["score"].to_numpy()).all()


@pytest.mark.parametrize(
    "rows",
    [
        [(user, item, 0) for user, item in enumerate("aabbbccdd" * 5)],
        [(1, "a", 0), (1, "b", 1), (2, "b", 2)],
        [(1, "a", 0), (2, "b", 0)],
    ],
    ids=["one each", "three", "two"],
)
def test_where_nothing_can_be_held_out_the_plain_model_answers(rows: list[tuple[object, object, float]]) -> None:
    model = fit(spell(*rows))
    assert model.config == ItemItemConfig()
    counts = np.bincount(model.history.item)
    taken = model.history.find_items(model.recommend(["nobody"], 2)["item_id"])
    assert counts[taken].tolist() == sorted(counts, reverse=True)[:2]


def test_each_judged_user_loses_the_latest_and_nothing_else() -> None:
    table = draw_world(users=100, items=40, each=5)
    found = hold_out(prepare(table), 0)
    assert found is not None
    _, expected = split_last(table)
    assert found.held_out.sort_by("user_id").equals(expected.select(["user_id", "item_id"]).sort_by("user_id"))
    assert len(found.known.item) == 400 and len(found.known.users) == 100
    held = set(zip(found.held_out["user_id"].to_pylist(), found.held_out["item_id"].to_pylist(), strict=True))
    assert held.isdisjoint(list_pairs(found.known))


def list_pairs(history: Interactions) -> set[tuple[Any, Any]]:
    users, items = history.users.take(pa.array(history.user)), history.items.take(pa.array(history.item))
    return set(zip(users.to_pylist(), items.to_pylist(), strict=True))


def test_without_times_it_is_one_by_chance() -> None:
    table = drop_times(draw_world(users=100, items=40, each=5))
    history = prepare(table)
    found, other = hold_out(history, 0), hold_out(history, 1)
    assert found is not None and other is not None
    assert set(zip(*found.held_out.to_pydict().values(), strict=True)) < list_pairs(history)
    same = np.mean(found.held_out["item_id"].to_numpy() == other.held_out["item_id"].to_numpy())
    assert 0.05 < same < 0.5  # a fifth, by chance


def test_of_many_interactions_some_users_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "MOST_TRIED", 300)
    monkeypatch.setattr(choose, "JUDGED", 30)
    robot = pa.table({"user_id": np.full(40, 999), "item_id": np.arange(40), "interacted_at": np.arange(40)})
    found = hold_out(prepare(pa.concat_tables([draw_world(users=100, items=40, each=5), robot])), 0)
    assert found is not None
    assert len(found.held_out) == 30 and len(found.known.item) == 270
    assert np.bincount(found.known.user).max() == 5


def test_settings_go_by_size_and_density() -> None:
    dense = prepare(draw_world(users=400, items=200, each=30))
    sparse = prepare(draw_world(users=900, items=500, each=2))
    config = FactorsConfig()
    assert settle(config, dense) == replace(config, factors=25, unseen_weight=0.3)
    found = settle(config, sparse)
    assert found.factors == len(sparse.items) // 8
    assert found.unseen_weight < 0.1
