"""Who took to which film when, for models and their benchmarks: users with tastes, films of which few are in demand."""

import numpy as np
import pyarrow as pa

FIRST_SECOND = 1_704_067_200  # 2024-01-01
DAYS = 180
FILMS = 10_000
TASTES = 40
PER_USER = 20
FAVOURED = 0.7  # of what a user takes, by taste; the rest is what everybody takes
REPEATED = 1.1  # so many more are drawn as are a user's same film again, about


def make_interactions(count: int, seed: int) -> pa.Table:
    """About so many interactions, of a twentieth as many users: user_id, item_id, interacted_at, by user and time.

    Every film belongs to one taste, every user favours three; films of a taste, and all films, are drawn by Zipf's law.
    A user is there for some weeks.
    """
    rng = np.random.default_rng([seed, 7])
    users = max(2, count // PER_USER)
    activity = rng.gamma(1.2, size=users)
    counts = 1 + rng.poisson(activity / activity.sum() * (count * REPEATED - users))
    user = np.repeat(np.arange(users), counts)
    film = draw_films(rng, user, users)
    second = draw_seconds(rng, user, users)
    _, first = np.unique(user * FILMS + film, return_index=True)
    user, film, second = user[first], film[first], second[first]
    order = np.lexsort((second, user))
    ids = pa.array([f"film-{number:05d}" for number in rng.permutation(FILMS)])
    moments = pa.array(second[order] * 1_000_000, pa.timestamp("us"))
    return pa.table(
        {"user_id": user[order] + 1, "item_id": ids.take(pa.array(film[order])), "interacted_at": moments}
    )


def make_dense_interactions(count: int, seed: int) -> pa.Table:
    """About so many interactions without times, in no order, as dense as the sets that recommenders are compared on: at
    a million 6,000 users of 20 to 2,300 films each, 3,700 films with a long tail, and tastes of 24 dimensions."""
    rng = np.random.default_rng([seed, 8])
    users, films = round(6.04 * count**0.5), round(3.706 * count**0.5)
    activity = np.exp(rng.normal(size=users))
    counts = (20 + activity / activity.sum() * max(0, count - 20 * users)).astype(int).clip(max=films * 6 // 10)
    weight = 1 / (1 + np.arange(24))
    likes, traits = rng.normal(size=(users, 24)), rng.normal(size=(films, 24)) * 1.3 * (weight / weight.sum()) ** 0.5
    demand = np.sort(rng.normal(size=films) * 1.6)
    rows = [draw_best(rng, likes[user] @ traits.T + demand, counts[user]) for user in range(users)]
    order = rng.permutation(int(counts.sum()))
    film = np.concatenate(rows)[order]
    return pa.table({"user_id": np.repeat(np.arange(1, users + 1), counts)[order], "item_id": film + 1})


def draw_best(rng: np.random.Generator, scores: np.ndarray, count: int) -> np.ndarray:
    """So many different ones, each in proportion to the exponential of its score (the Gumbel trick)."""
    return np.argpartition(-(scores + rng.gumbel(size=len(scores))), count)[:count]


def draw_films(rng: np.random.Generator, user: np.ndarray, users: int) -> np.ndarray:
    """A film of one of the user's tastes, or any. Film n is of taste n % TASTES; the lower, the more in demand."""
    tastes = rng.integers(0, TASTES, (users, 3))
    taste = tastes[user, rng.choice(3, len(user), p=[0.6, 0.3, 0.1])]
    own = draw_ranks(rng, len(user), FILMS // TASTES) * TASTES + taste
    return np.where(rng.random(len(user)) < FAVOURED, own, draw_ranks(rng, len(user), FILMS))


def draw_ranks(rng: np.random.Generator, count: int, among: int) -> np.ndarray:
    """From 0, by Zipf's law."""
    demand = np.cumsum(1 / (np.arange(among) + 3.0))
    return np.searchsorted(demand / demand[-1], rng.random(count)).clip(max=among - 1)


def draw_seconds(rng: np.random.Generator, user: np.ndarray, users: int) -> np.ndarray:
    """Seconds since 1970: within 30 days from the day on which the user came."""
    came = rng.random(users) * (DAYS - 30)
    return FIRST_SECOND + ((came[user] + 30 * rng.random(len(user))) * 86_400).astype(np.int64)
