"""Generated interactions: the same seed makes the same; users have tastes, and few films are in demand."""

import numpy as np
import pytest

from sample.generate.interactions import FILMS, make_dense_interactions, make_interactions


def test_the_same_seed_makes_the_same_interactions() -> None:
    assert make_interactions(2_000, 1).equals(make_interactions(2_000, 1))
    assert not make_interactions(2_000, 1).equals(make_interactions(2_000, 2))


@pytest.mark.parametrize("count", [100, 20_000])
def test_a_user_takes_a_film_once(count: int) -> None:
    table = make_interactions(count, 1)
    assert len(table) == pytest.approx(count, rel=0.1)
    assert len(table.group_by(["user_id", "item_id"]).aggregate([])) == len(table)
    assert table["user_id"].to_numpy().max() <= max(2, count // 20)


def test_dense_interactions_have_the_shape_that_is_said() -> None:
    table = make_dense_interactions(100_000, 1)
    assert table.equals(make_dense_interactions(100_000, 1)) and not table.equals(make_dense_interactions(100_000, 2))
    assert len(table) == pytest.approx(100_000, rel=0.1)
    assert len(table.group_by(["user_id", "item_id"]).aggregate([])) == len(table)
    users, films = (np.unique(table[name].to_numpy(), return_counts=True)[1] for name in ("user_id", "item_id"))
    assert len(table) / len(users) / len(films) == pytest.approx(0.045, rel=0.2)
    assert users.min() >= 20 and users.max() > 5 * np.median(users)
    assert np.sort(films)[-len(films) // 20 :].sum() > films.sum() / 5


def test_few_films_are_in_demand() -> None:
    counts = make_interactions(100_000, 1).group_by("item_id").aggregate([([], "count_all")])["count_all"].to_numpy()
    assert len(counts) > FILMS // 3
    assert np.sort(counts)[-FILMS // 20 :].sum() > counts.sum() / 4


def test_tastes_can_be_learned() -> None:
    from models.recommender import FactorsConfig, PopularityConfig, fit, rank_last, split_last, summarize

    train, held_out = split_last(make_interactions(40_000, 1))
    factors = FactorsConfig(factors=32, epochs=6, unseen_weight=0.1)
    ours, popular = (
        summarize(rank_last(fit(train, config), held_out))["ndcg_at_10"]["value"]
        for config in (factors, PopularityConfig())
    )
    assert ours > 1.2 * popular
