"""Finding a table, view or column by a few words, wherever one is."""

from dataclasses import dataclass
from functools import cache

from watershed.cockpit.declared import list_declared
from watershed.warehouse.schema.views import list_views

MOST = 30


@dataclass(frozen=True)
class Hit:
    """A table or view, or with `column` a column of it. `is_listed`: whether it has a page, as views have not."""

    address: str
    column: str
    about: str
    owner: str
    is_listed: bool
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.address}.{self.column}" if self.column else self.address


def find_hits(words: str) -> list[Hit]:
    """The best first, MOST of them: those in whose name, description, owner or tags all words are. Tables come before
    columns that fit as well. None without words."""
    asked = words.lower().split()
    ranked = [(rank, place, hit) for place, hit in enumerate(list_hits()) if asked and (rank := rank_hit(hit, asked))]
    return [hit for *_, hit in sorted(ranked, key=lambda found: (-found[0], found[1]))][:MOST]


def rank_hit(hit: Hit, asked: list[str]) -> int:
    """0 where a word is missing."""
    own = (hit.column or hit.address.partition(".")[2]).lower()
    searched = f"{hit.name} {hit.about} {hit.owner} {' '.join(f'#{tag}' for tag in hit.tags)}".lower()
    if not all(word in searched for word in asked):
        return 0
    best = max(
        8 * (own == word) + 4 * own.startswith(word) + 2 * (word in hit.name.lower())
        + 3 * (word.removeprefix("#") in hit.tags)
        for word in asked
    )  # fmt: skip
    return 1 + best + (not hit.column)


@cache
def list_hits() -> tuple[Hit, ...]:
    """Everything that is declared, tables first."""
    tables, columns = [], []
    for address, one in list_declared().items():
        tables.append(Hit(address, "", one.description, one.owner, True, one.tags))
        columns += [
            Hit(address, name, about.description, one.owner, True, about.tags) for name, about in one.columns.items()
        ]
    for view in list_views():
        tables.append(Hit(view.address, "", view.description, view.owner, False, view.tags))
        columns += [Hit(view.address, c.name, c.description, view.owner, False, c.tags) for c in view.columns]
    return (*tables, *columns)
