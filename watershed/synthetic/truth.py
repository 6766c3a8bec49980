"""What must come out of generated data, counted from the numbers it was made of, never by reading it back."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

TOP = 10


@dataclass
class TableTruth:
    """What one source brings into one table. `quarantined` counts rows by the sort of reason."""

    rows: int = 0
    days: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    deduplicated: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    seen: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)

    def add_rows(self, day: str, rows: int, **sums: int) -> None:
        self.rows += rows
        self.days[day] += rows
        self.sums.update({name: int(total) for name, total in sums.items()})

    def add_seen(self, column: str, day: str, values: Sequence[str], which: np.ndarray) -> None:
        """Count values of a column, given as indexes into `values`."""
        counts = np.bincount(which, minlength=len(values)).tolist()
        seen = self.seen.setdefault(column, defaultdict(Counter))[day]
        seen.update({value: n for value, n in zip(values, counts, strict=True) if n})

    def as_json(self) -> dict[str, Any]:
        top = {column: {day: rank_top(n) for day, n in sorted(days.items())} for column, days in self.seen.items()}
        return {
            "rows": self.rows,
            "days": dict(sorted(self.days.items())),
            "quarantined": dict(sorted(self.quarantined.items())),
            "deduplicated": self.deduplicated,
            "sums": dict(sorted(self.sums.items())),
            "top": top,
        }


@dataclass
class SourceTruth:
    """What one source brings: its objects and lines, and what becomes of them in each table it feeds."""

    objects: int = 0
    lines: int = 0
    tables: dict[str, TableTruth] = field(default_factory=lambda: defaultdict(TableTruth))

    def as_json(self) -> dict[str, Any]:
        tables = {name: table.as_json() for name, table in sorted(self.tables.items())}
        return {"objects": self.objects, "lines": self.lines, "tables": tables}


def rank_top(counts: Counter[str]) -> list[list[str | int]]:
    """The most frequent values with their counts; equal counts in order of the value."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [[value, n] for value, n in ranked[:TOP]]
