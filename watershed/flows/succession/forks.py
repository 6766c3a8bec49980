"""Forks: a second continuation of one beginning.

What it begins with has given way to another object already, so that the lines that both have would count twice. No
machine can tell which of the two is meant: the run refuses the second, with a sentence, until a person decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Source
from watershed.flows.succession.comparison import Comparison
from watershed.flows.succession.kin import Kin, follow_successors, list_with_rows
from watershed.lake.store import Store


@dataclass(frozen=True)
class Fork:
    """Keys: `beginning` is what the object begins with all of, `heir` what has taken the place of that."""

    beginning: str
    heir: str


def find_forks(
    con: DuckDBPyConnection,
    source: Source,
    comparison: Comparison,
    taken: Iterable[str],
    superseded: dict[str, str],
    successors: dict[str, str],
) -> dict[str, Fork]:
    """Which of the objects that a run takes are second continuations. `superseded`: what gives way in that run;
    `successors`: what took the place of each object, then or before.

    What has rows is published already, and stays. A beginning that never had rows, such as a header, does not matter.
    """
    related = {key: comparison.list_related(comparison.kin[key]) for key in taken if key not in superseded}
    claimed = {key: [one for one in kin if is_claimed(one, key, successors)] for key, kin in related.items()}
    asked = {key for key, kin in claimed.items() if kin}
    heirs = {follow_successors(successors, one.key) for key in asked for one in claimed[key]}
    has_rows = list_with_rows(con, source.name, sorted(asked | heirs))
    forks = {}
    for key in sorted(asked - has_rows):
        live = [one for one in claimed[key] if follow_successors(successors, one.key) in has_rows | related.keys()]
        if begun := comparison.select_beginnings(comparison.measure(comparison.kin[key]), live):
            longest = max(begun, key=lambda one: (one.size or 0, one.key)).key
            forks[key] = Fork(longest, follow_successors(successors, longest))
    return forks


def is_claimed(one: Kin, by: str, successors: dict[str, str]) -> bool:
    """Whether something else than `by` has taken the place of an object that had rows."""
    had_rows = one.had_rows or not one.is_superseded  # of one that is taken in the same run nobody knows
    return one.key in successors and not one.has_rows and had_rows and follow_successors(successors, one.key) != by


def explain_fork(store: Store, key: str, fork: Fork) -> str:
    name, begun, heir = (store.head(one).name for one in (key, fork.beginning, fork.heir))
    return (
        f"{name} begins with all of {begun} ({fork.beginning}), whose place {heir} ({fork.heir}) has taken, and goes "
        "on otherwise, so that what both have would count twice: "
        f"`watershed refused {key} --publish-anyway --reason TEXT` publishes it anyway, and "
        "`watershed land --separate` says of another log that it is one"
    )
