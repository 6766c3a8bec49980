"""What a rule is, and how it spells times. A module beside this one holds the rules about one kind of thing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from watershed.monitoring.reading import Reading

Severity = Literal["urgent", "soon"]

PATIENCE = timedelta(minutes=2)  # for what may pass by itself: a slow machine, a burst
RESTART = timedelta(seconds=30)  # for a server that may be about to come back


@dataclass(frozen=True)
class Finding:
    """What is wrong: with which table, source, stream or DAG, and in a sentence what, where and what to do."""

    subject: str
    sentence: str


Find = Callable[[Reading], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """`urgent`: somebody should look now. `soon`: during the day."""

    name: str
    severity: Severity
    find: Find

    @property
    def meaning(self) -> str:
        return (self.find.__doc__ or "").strip()


RULES: dict[str, Rule] = {}


def rule(severity: Severity) -> Callable[[Find], Find]:
    """Make a function a rule of its name."""

    def add(find: Find) -> Find:
        RULES[find.__name__] = Rule(find.__name__, severity, find)
        return find

    return add


def spell(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def round_span(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
