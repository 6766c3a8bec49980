"""Alternating least squares solves the right systems, tells the true loss, and gives the same bits in any company."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import torch

from models.recommender.config import FactorsConfig
from models.recommender.interactions import Interactions, make_batch, prepare, sort_places
from models.recommender.kinds import SILENT, factors

CONFIG = FactorsConfig(factors=16, epochs=5, regularization=0.01, unseen_weight=0.1)
CPU = torch.device("cpu")


class Notes:
    """Keeps what a watcher is told, and starts from what it is given."""

    def __init__(self, start: tuple[int, dict[str, torch.Tensor]] | None = None) -> None:
        self.start = start
        self.losses: list[float] = []
        self.states: list[dict[str, torch.Tensor]] = []

    def resume(self) -> tuple[int, dict[str, torch.Tensor]] | None:
        return self.start

    def finish_epoch(self, epoch: int, epochs: int, loss: float, weights: dict[str, torch.Tensor]) -> None:
        self.losses.append(loss)
        self.states.append({name: tensor.clone() for name, tensor in weights.items()})


def make_table(users: int = 400, items: int = 150, seed: int = 0, weighed: bool = False) -> pa.Table:
    """Users of three tastes, who take ten items on average."""
    rng = np.random.default_rng(seed)
    user = rng.integers(0, users, users * 10)
    item = (rng.zipf(1.4, len(user)) * 3 + user % 3) % items
    seconds = rng.integers(1_600_000_000, 1_605_000_000, len(user))
    weight = rng.uniform(0.5, 2, len(user)) if weighed else np.ones(len(user))
    return pa.table({"user_id": user, "item_id": item, "weight": weight, "interacted_at": seconds})


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    return prepare(make_table(weighed=True))


def as_dense(interactions: Interactions) -> torch.Tensor:
    """The weights of all pairs, 0 where not seen, in double precision."""
    weight = torch.zeros(len(interactions.users), len(interactions.items), dtype=torch.float64)
    weight[torch.from_numpy(interactions.user), torch.from_numpy(interactions.item.astype(np.int64))] = (
        torch.from_numpy(interactions.weight).double()
    )
    return weight


def find_loss(interactions: Interactions, users: torch.Tensor, items: torch.Tensor, config: FactorsConfig) -> float:
    """The objective as it is written, over all pairs."""
    weight, product = as_dense(interactions), users.double() @ items.double().T
    seen = (weight > 0).double()
    loss = (weight * (product - 1) ** 2).sum() + config.unseen_weight * product.square().sum()
    penalties = (
        config.regularization * (seen.sum(1) + config.unseen_weight * len(items)) * users.double().square().sum(1),
        config.regularization * (seen.sum(0) + config.unseen_weight * len(users)) * items.double().square().sum(1),
    )
    return float(loss + penalties[0].sum() + penalties[1].sum())


def test_the_loss_that_is_told_is_the_objective(interactions: Interactions) -> None:
    notes = Notes()
    factors.train(interactions, CONFIG, notes)
    for loss, state in zip(notes.losses, notes.states, strict=True):
        assert loss == pytest.approx(find_loss(interactions, state["users"], state["items"], CONFIG), rel=1e-5)
    assert all(later < earlier for earlier, later in pairwise(notes.losses))


def test_enough_steps_solve_a_row_exactly(interactions: Interactions) -> None:
    """Beside a solver of dense systems, in double precision."""
    blocks, _ = factors.arrange_sides(interactions, CONFIG, CPU)
    chance = torch.Generator().manual_seed(1)
    fixed, spectrum, _ = factors.rotate(torch.randn(len(interactions.items), 16, generator=chance), 0.1)
    solved, _ = factors.solve(blocks[0], fixed, spectrum, None, steps=20)
    weight, other = as_dense(interactions), fixed.double()
    for row in range(0, len(solved), 20):
        own = weight[row]
        gram = (other.T * own) @ other + 0.1 * other.T @ other
        system = gram + torch.eye(16, dtype=torch.float64) * float(blocks[0].penalty[row])
        expected = torch.linalg.solve(system, (own[:, None] * other).sum(0))
        torch.testing.assert_close(solved[row].double(), expected, rtol=1e-3, atol=1e-5)


def test_one_step_an_epoch_ends_where_exact_solutions_end(
    interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, epochs=12)
    few, many = Notes(), Notes()
    factors.train(interactions, config, few)
    monkeypatch.setattr(factors, "STEPS", 20)
    factors.train(interactions, config, many)
    assert few.losses[-1] == pytest.approx(many.losses[-1], rel=0.01)


def test_blocks_cover_every_interaction_once(interactions: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "BLOCK", 100)
    users, items = factors.arrange_sides(interactions, CONFIG, CPU)
    assert len(users) > 10 and len(items) > 10
    for blocks, rows in ((users, len(interactions.users)), (items, len(interactions.items))):
        assert [block.first for block in blocks] == [0, *(block.last for block in blocks[:-1])]
        assert blocks[-1].last == rows
        assert sum(len(block.other) for block in blocks) == len(interactions.item)
    rebuilt = torch.zeros(len(interactions.users), len(interactions.items), dtype=torch.float64)
    for block in items:
        row = torch.repeat_interleave(torch.arange(block.first, block.last), block.offsets.diff())
        rebuilt[block.other.long(), row] = block.weight.double()
    assert torch.equal(rebuilt, as_dense(interactions))


def test_sorting_by_item_is_stable_for_many_items() -> None:
    item = np.random.default_rng(0).integers(0, 200_000, 10_000).astype(np.int32)
    assert np.array_equal(sort_places(item), np.argsort(item, kind="stable"))


def test_training_twice_gives_the_same_bits(interactions: Interactions) -> None:
    one, other = (factors.train(interactions, CONFIG, SILENT) for _ in range(2))
    assert sorted(one) == ["items", "spectrum", "trend", "trend_times"]
    assert all(torch.equal(one[name], other[name]) for name in one)
    seeded = factors.train(interactions, replace(CONFIG, seed=1), SILENT)
    assert not torch.equal(one["items"], seeded["items"])


@pytest.mark.parametrize("done", [1, 3, 5])
def test_resuming_gives_the_bits_of_an_uninterrupted_run(interactions: Interactions, done: int) -> None:
    notes = Notes()
    whole = factors.train(interactions, CONFIG, notes)
    rest = Notes((done, notes.states[done - 1]))
    resumed = factors.train(interactions, CONFIG, rest)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert rest.losses == notes.losses[done:]


def test_a_user_scores_the_same_in_any_company(interactions: Interactions) -> None:
    weights = factors.train(interactions, CONFIG, SILENT)
    users = np.arange(len(interactions.users))
    together = factors.score_users(weights, CONFIG, make_batch(interactions, users, 19_000.0, None))
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 127, 128, 129, 300):
        some = rng.permutation(users)[:size]
        apart = factors.score_users(weights, CONFIG, make_batch(interactions, some, 19_000.0, None))
        assert torch.equal(apart, together[torch.from_numpy(some)])


def test_users_without_history_are_scored_by_the_trend(interactions: Interactions) -> None:
    weights = factors.train(interactions, CONFIG, SILENT)
    batch = make_batch(interactions, np.array([-1, 0]), float(interactions.days.max()), None)
    scores = factors.score_users(weights, CONFIG, batch)
    assert torch.equal(scores[0], weights["trend"][-1])
    assert not torch.equal(scores[1], scores[0])


def test_tastes_are_found() -> None:
    """Of the three groups, each gets items of its own."""
    interactions = prepare(make_table(users=600, items=150))
    config = replace(CONFIG, trend_weight=0.0)
    weights = factors.train(interactions, config, SILENT)
    users = np.arange(len(interactions.users))
    scores = factors.score_users(weights, config, make_batch(interactions, users, 19_000.0, None))
    best = interactions.items.take(pa.array(scores.argmax(1).numpy())).to_numpy()
    assert (best % 3 == interactions.users.to_numpy() % 3).mean() > 0.95


@pytest.mark.parametrize("count", [1, 40])
def test_more_factors_than_items_are_no_error(count: int) -> None:
    table = pa.table({"user_id": [1, 1, 2], "item_id": ["a", "b", "b"]})
    weights = factors.train(prepare(table), replace(CONFIG, factors=count), SILENT)
    assert torch.isfinite(weights["items"]).all()
