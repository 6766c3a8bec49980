"""Matrix factorization: implicit alternating least squares, and the trend.

Words used here: *seen*: the pairs of the interactions. *side*: users or items. *spectrum*: the eigenvalues of the Gram
matrix of one side's factors, times the weight of an unseen pair; factors are kept rotated so that it is diagonal.

With x the factors of users and y those of items, what is minimized is (Hu, Koren and Volinsky, ICDM 2008, weighed as in
Rendle and others, Revisiting the Performance of iALS, RecSys 2022)

    sum over seen w (x y - 1)^2  +  unseen_weight * sum over all pairs (x y)^2  +  penalty_u |x|^2 + penalty_i |y|^2

One side at a time, each row is a linear system of its own. A rotation makes the part that all rows share diagonal, so
conjugate gradients conditioned by it need a step or two instead of a Cholesky factorization a row.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from models.recommender.config import FactorsConfig
from models.recommender.device import add_up, choose_device, cut_shares, exchange, read_rank
from models.recommender.interactions import Batch, Interactions, sort_places
from models.recommender.kinds import Watcher
from models.recommender.kinds.popularity import fill_unknown, find_shares, learn_trend

BLOCK = 65_536  # interactions solved at once: what belongs to them stays in the processor's cache
BLOCK_ROWS = 4_096
STEPS = 1  # of conjugate gradients a row and epoch, from where the row was: more are slower and bring nothing
FOLD_STEPS = 10  # the same for users at prediction, who begin at nothing
SCORED_ROWS = 128  # users multiplied with items at once, always: matrices of one shape give a user the same bits
TINY = 1e-30

warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")  # two operations of it are used, both tested


@dataclass(frozen=True)
class Block:
    """Rows first:last of a side and what they have seen: `other` and `weight` of row r at offsets[r]:offsets[r + 1]."""

    first: int
    last: int
    offsets: Tensor
    other: Tensor
    weight: Tensor
    penalty: Tensor


def train(interactions: Interactions, config: FactorsConfig, watcher: Watcher) -> dict[str, Tensor]:
    """`items`: [items, factors], `spectrum`: [factors], and the trend. A state in between has `users` too."""
    device = choose_device()
    trend = learn_trend(interactions, config.trend_days)
    users, items = arrange_sides(interactions, config, device)
    done, state = watcher.resume() or (0, begin(users, items, config))
    state = {name: tensor.to(device) for name, tensor in state.items()}
    for epoch in range(done + 1, config.epochs + 1):
        state, loss = run_epoch(users, items, state, config.unseen_weight)
        watcher.finish_epoch(epoch, config.epochs, loss, state | trend)
    return {"items": state["items"].cpu(), "spectrum": state["spectrum"].cpu(), **trend}


def begin(users: list[Block], items: list[Block], config: FactorsConfig) -> dict[str, Tensor]:
    """Small random factors of the items; those of the users follow from them."""
    chance = torch.Generator().manual_seed(config.seed)
    factors = torch.randn(items[-1].last, config.factors, generator=chance) * (0.1 / config.factors**0.5)
    turned, spectrum, _ = rotate(factors, config.unseen_weight)
    return {"items": turned, "spectrum": spectrum, "users": torch.zeros(users[-1].last, config.factors)}


def run_epoch(
    users: list[Block], items: list[Block], state: dict[str, Tensor], unseen: float
) -> tuple[dict[str, Tensor], float]:
    """Solve the users, then the items. The loss is that of the state which it leaves."""
    own, _ = solve_side(users, state["items"], state["spectrum"], state["users"])
    own, spectrum, turn = rotate(own, unseen)
    other, loss = solve_side(items, own, spectrum, state["items"] @ turn)
    penalty = torch.cat([block.penalty for block in users])
    loss += float((own.square().sum(1) * penalty).sum(dtype=torch.float64))
    loss += float(sum(block.weight.sum(dtype=torch.float64) for block in items))
    other, spectrum, turn = rotate(other, unseen)
    return {"items": other, "spectrum": spectrum, "users": own @ turn}, loss


def rotate(factors: Tensor, unseen: float) -> tuple[Tensor, Tensor, Tensor]:
    """Factors in the basis in which their Gram matrix is diagonal, that diagonal times `unseen`, and the rotation."""
    values, turn = torch.linalg.eigh((factors.T @ factors).double())
    turn = turn.float()
    return factors @ turn, (values.clamp(min=0) * unseen).float(), turn


def solve_side(blocks: list[Block], fixed: Tensor, spectrum: Tensor, guess: Tensor) -> tuple[Tensor, float]:
    """New rows of one side, given the other, and their part of the loss: each process solves a share of the blocks."""
    solved = torch.empty_like(guess)
    loss = torch.zeros((), dtype=torch.float64, device=fixed.device)
    shares = cut_shares([len(block.other) + block.last - block.first for block in blocks])
    for block in blocks[slice(*shares[read_rank()])]:
        rows, part = solve(block, fixed, spectrum, guess[block.first : block.last], STEPS)
        solved[block.first : block.last] = rows
        loss += part
    ends = [0, *(block.last for block in blocks)]
    exchange(solved, [(ends[first], ends[last]) for first, last in shares])
    return solved, float(add_up(loss))


def solve(
    block: Block, fixed: Tensor, spectrum: Tensor, guess: Tensor | None, steps: int
) -> tuple[Tensor, Tensor]:
    """The rows x that minimize their part of the loss, approximately, and that part, without the constant.

    Conjugate gradients on A x = b with A = sum of w y y^T + diagonal and b = sum of w y; every step lowers
    x A x - 2 b x by the product of its length and the residual, from which the loss comes for nothing.
    """
    diagonal = spectrum + block.penalty[:, None]
    if guess is None:
        rows = torch.zeros_like(diagonal)
        residual = sum_rows(block, fixed, block.weight)
        loss = rows.new_zeros((), dtype=torch.float64)
    else:
        rows, predicted = guess.clone(), multiply_pairs(block, guess, fixed)
        residual = sum_rows(block, fixed, block.weight * (1 - predicted)).addcmul_(diagonal, rows, value=-1)
        loss = -(rows * residual).sum(dtype=torch.float64) - (block.weight * predicted).sum(dtype=torch.float64)
    direction = residual / diagonal
    size = row_products(residual, direction)
    for step in range(steps):
        pulled = sum_rows(block, fixed, multiply_pairs(block, direction, fixed).mul_(block.weight))
        pulled.addcmul_(diagonal, direction)
        length = size / row_products(direction, pulled).clamp(min=TINY)
        rows.addcmul_(length[:, None], direction)
        loss -= (length * size).sum(dtype=torch.float64)
        if step < steps - 1:
            residual.addcmul_(length[:, None], pulled, value=-1)
            conditioned = residual / diagonal
            size, before = row_products(residual, conditioned), size
            direction.mul_((size / before.clamp(min=TINY))[:, None]).add_(conditioned)
    return rows, loss


def row_products(one: Tensor, other: Tensor) -> Tensor:
    return torch.linalg.vecdot(one, other)


def sum_rows(block: Block, fixed: Tensor, weight: Tensor) -> Tensor:
    """For each row of the block, the weighed sum of the other side's factors that it has seen."""
    return torch.nn.functional.embedding_bag(
        block.other, fixed, block.offsets, mode="sum", per_sample_weights=weight, include_last_offset=True
    )


def multiply_pairs(block: Block, rows: Tensor, fixed: Tensor) -> Tensor:
    """The product of both sides' factors for each seen pair of the block."""
    seen = torch.sparse_csr_tensor(
        block.offsets, block.other, torch.zeros_like(block.weight), (len(rows), len(fixed)), check_invariants=False
    )
    return torch.sparse.sampled_addmm(seen, rows, fixed.T, beta=0.0).values()


def arrange_sides(
    interactions: Interactions, config: FactorsConfig, device: torch.device
) -> tuple[list[Block], list[Block]]:
    """Blocks of users and of items."""
    users, items = len(interactions.users), len(interactions.items)
    order = sort_places(interactions.item)
    starts = np.searchsorted(interactions.item[order], np.arange(items + 1))
    user = interactions.user.astype(np.int32)[order]
    return (
        list(cut_blocks(interactions.starts, interactions.item, interactions.weight, items, config, device)),
        list(cut_blocks(starts, user, interactions.weight[order], users, config, device)),
    )


def cut_blocks(
    starts: np.ndarray, other: np.ndarray, weight: np.ndarray, others: int, config: FactorsConfig, device: torch.device
) -> Iterator[Block]:
    first = 0
    while first < len(starts) - 1:
        full = int(np.searchsorted(starts, starts[first] + BLOCK, side="right")) - 1
        last = min(max(full, first + 1), first + BLOCK_ROWS, len(starts) - 1)
        inside = slice(starts[first], starts[last])
        numbers = (starts[first : last + 1] - starts[first], other[inside])
        offsets, seen = (torch.from_numpy(array.astype(np.int32)).to(device) for array in numbers)
        own = torch.from_numpy(weight[inside]).to(device)
        yield Block(first, last, offsets, seen, own, penalize(offsets.diff(), others, config))
        first = last


def penalize(counts: Tensor, others: int, config: FactorsConfig) -> Tensor:
    """The penalty of rows that have seen so many of the others: in proportion to what their part of the loss weighs."""
    return config.regularization * (counts + config.unseen_weight * others)


def score_users(weights: dict[str, Tensor], config: FactorsConfig, batch: Batch) -> Tensor:
    """[users, items], of users folded in from their histories: new users and interactions need no training."""
    weights = {name: tensor.to(choose_device()) for name, tensor in weights.items()}
    rows, items = fold_in(weights, config, batch), weights["items"].T
    shape = len(rows), items.shape[1]
    scores = find_shares(weights, batch.clock) if config.trend_weight else rows.new_zeros(shape)
    for first in range(0, len(rows), SCORED_ROWS):
        some, own = scores[first : first + SCORED_ROWS], rows[first : first + SCORED_ROWS]
        if len(own) == SCORED_ROWS:
            some.addmm_(own, items, beta=config.trend_weight)
        else:
            filled, missing = len(own), SCORED_ROWS - len(own)
            whole = pad(some, (0, 0, 0, missing)).addmm_(pad(own, (0, 0, 0, missing)), items, beta=config.trend_weight)
            some.copy_(whole[:filled])
    fill_unknown(scores, weights, batch.clock, batch.count_items() == 0)
    return scores


def fold_in(weights: dict[str, Tensor], config: FactorsConfig, batch: Batch) -> Tensor:
    """The factors of a batch's users, given those of the items."""
    items = weights["items"]
    ends = torch.cat([batch.offsets, torch.tensor([len(batch.item)])])
    arrays = (ends.int(), batch.item.int(), batch.weigh_recent(config.recency_days))
    offsets, item, weight = (array.to(items.device) for array in arrays)
    block = Block(0, len(batch.clock), offsets, item, weight, penalize(offsets.diff(), len(items), config))
    rows, _ = solve(block, items, weights["spectrum"], None, FOLD_STEPS)
    return rows
