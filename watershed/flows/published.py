"""What a run has published, as it is told to who started it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublishedTable:
    """What a run has done to one table: rows written and quarantined, and the days that changed (ISO, in order)."""

    address: str
    rows: int
    quarantined: int
    days: list[str]


@dataclass(frozen=True)
class Published:
    """`snapshot`: the version of the lake that it made, None where there was nothing to publish. `refused`: objects,
    key to sentence. `returned`: sentences about a database that is not what it was: its changes are published, and
    somebody should look at it."""

    snapshot: int | None
    tables: dict[str, PublishedTable] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    returned: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def quarantined(self) -> int:
        return sum(table.quarantined for table in self.tables.values())
