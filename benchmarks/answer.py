"""What a question is answered with: sections measured several times each, and goals that hold or do not."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass
class Measured:
    """Repeated runs of one section. `seconds` is its work, imports done; `peak_mb` the whole process with children.

    `units` is how many lines, rows or tasks it worked on, which may be fewer than the others did.
    """

    name: str
    units: int
    seconds: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def per_unit(self) -> float:
        """Seconds for one line, row or task."""
        return self.median / self.units

    def find_median(self, detail: str) -> float:
        """The median of one of the section's own figures."""
        return median(run[detail] for run in self.details)


@dataclass(frozen=True)
class Goal:
    """`value` is to be at most (or at least) `limit`."""

    text: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass
class Answer:
    """A question answered. The first of `measured` is ours, and what the others are compared with.

    Times are also told for `per` units.
    """

    question: str
    unit: str
    measured: list[Measured]
    goals: list[Goal]
    notes: list[str] = field(default_factory=list)
    per: int = 1_000_000

    @property
    def scale(self) -> str:
        """What `per` units are called: `million lines`, or `task`."""
        return f"million {self.unit}" if self.per > 1 else self.unit.removesuffix("s")

    def as_json(self) -> dict[str, Any]:
        sections = [{**vars(m), "median": m.median, "seconds_per": m.per_unit * self.per} for m in self.measured]
        goals = [{**vars(goal), "is_met": goal.is_met} for goal in self.goals]
        about = {"question": self.question, "unit": self.unit, "scale": self.scale, "notes": self.notes}
        return about | {"sections": sections, "goals": goals}
