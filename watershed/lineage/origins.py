"""What is known of the columns of one table: the columns that they are made of."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

How = Literal["copied", "computed", "aggregated"]
ORDER: tuple[How, ...] = ("copied", "computed", "aggregated")


@dataclass(frozen=True, order=True)
class ColumnOrigin:
    """A column of an input, and what was done to it on the way: of several steps the one that changed most."""

    address: str
    column: str
    how: How = "copied"


@dataclass(frozen=True)
class Lineage:
    """Of one table: origins by column, the origins of its rows, and by column the expression that makes it.

    A column without origins is a constant, or counts rows: then `rows` says what it depends on. `expressions` is SQL as
    it is written, and empty for what transforms make.
    """

    columns: dict[str, tuple[ColumnOrigin, ...]]
    rows: tuple[ColumnOrigin, ...] = ()
    expressions: dict[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The addresses that it names, in order."""
        named = {o.address for origins in (*self.columns.values(), self.rows) for o in origins}
        return tuple(sorted(named))


def pass_on(origins: Iterable[ColumnOrigin], how: How) -> set[ColumnOrigin]:
    """The same origins after a further step."""
    return {replace(origin, how=max(origin.how, how, key=ORDER.index)) for origin in origins}


def settle(origins: Iterable[ColumnOrigin]) -> tuple[ColumnOrigin, ...]:
    """One origin a column: where it came in several ways, the one that changed it most."""
    strongest: dict[tuple[str, str], ColumnOrigin] = {}
    for origin in origins:
        place = (origin.address, origin.column)
        if place not in strongest or ORDER.index(strongest[place].how) < ORDER.index(origin.how):
            strongest[place] = origin
    return tuple(sorted(strongest.values()))


def merge(several: Iterable[Lineage]) -> Lineage:
    """Of a table that several inputs feed, each by a transform of its own."""
    columns: dict[str, set[ColumnOrigin]] = {}
    rows: set[ColumnOrigin] = set()
    for lineage in several:
        rows |= set(lineage.rows)
        for name, origins in lineage.columns.items():
            columns.setdefault(name, set()).update(origins)
    return Lineage({name: settle(origins) for name, origins in columns.items()}, settle(rows))
