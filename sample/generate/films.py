"""The films of the made-up service: a few that all watch, and many that few do."""

from dataclasses import dataclass

import numpy as np

from watershed.synthetic.lines import Texts, make_texts

FIRST_WORDS = """
silent broken golden last hidden crimson endless paper midnight frozen second distant electric hollow little lonely
northern restless sleeping burning wild quiet secret savage tender velvet winter young ancient blind
"""
SECOND_WORDS = """
harbor river kingdom letter garden witness station summer empire mirror orchard highway island lantern machine moon
mountain ocean painter passenger prophet rain sailor shadow signal stranger teacher thief tower valley violin voyage
watchmaker window wolf
"""
GENRES = ("Action", "Adventure", "Animation", "Comedy", "Crime", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller")
FILMS = 1000


@dataclass(frozen=True)
class Films:
    """Films by popularity, the first watched most. A year of 0 means that nobody knows it."""

    titles: list[str]
    years: np.ndarray
    minutes: np.ndarray
    genres: list[str]
    popularity: np.ndarray

    @property
    def ids(self) -> list[str]:
        """Such as `silent+harbor+1987`, as the streaming servers write them."""
        named = zip(self.titles, self.years.tolist(), strict=True)
        return [t.lower().replace(" ", "+") + (f"+{y}" if y else "") for t, y in named]

    @property
    def id_texts(self) -> Texts:
        return make_texts(self.ids)

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Indexes of films, drawn by popularity (Zipf)."""
        return np.searchsorted(self.popularity, rng.random(count)).clip(max=len(self.titles) - 1)


def make_films(seed: int) -> Films:
    rng = np.random.default_rng([seed, 1])
    pairs = [f"{a} {b}".title() for a in FIRST_WORDS.split() for b in SECOND_WORDS.split()]
    titles = [pairs[i] for i in rng.permutation(len(pairs))[:FILMS]]
    years = np.where(rng.random(FILMS) < 0.03, 0, rng.integers(1930, 2021, FILMS))
    genres = ["|".join(sorted(rng.choice(GENRES, rng.integers(0, 4), replace=False))) for _ in titles]
    weights = 1 / (np.arange(FILMS) + 2.7)
    return Films(titles, years, rng.integers(60, 200, FILMS), genres, np.cumsum(weights) / weights.sum())
