"""What a check knows besides the staged rows. Rules take no clock and read no ledger: it all comes in here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

EARLIEST = datetime(1990, 1, 1)  # the first web server is of that year: an older time stamp is a broken clock
LONGEST_FILM = 60_000  # minutes: the longest there is takes five weeks; a series is counted through, as a film is
PETABYTE = 10**15  # no file or answer is larger: a greater number is not a size, and sums of it mean nothing


@dataclass(frozen=True)
class Known:
    """`as_of` is now, in UTC without a zone. `references` maps a table's name to a SQL relation of the rows that may be
    referred to, such as `users` to `lake.core.users`; a rule whose relation is not there is left out. `rows_per_day`
    counts the published rows of the checked table that this run does not replace.
    """

    as_of: datetime
    references: Mapping[str, str] = field(default_factory=dict)
    rows_per_day: Mapping[date, int] = field(default_factory=dict)

    @property
    def latest(self) -> datetime:
        """The latest time that a timestamp may have: a day ahead, for clocks that are wrong."""
        return self.as_of.replace(microsecond=0) + timedelta(days=1)
