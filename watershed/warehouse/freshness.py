"""Fresh: nothing that has arrived waits longer to be published than the contract promises. The one definition.

How old the last publish is says nothing: a source that sends nothing leaves its table fresh. That a source should have
sent something is another promise, its producer's (`declarations/rhythm.py`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Freshness:
    """Of a table or mart. `promise`: within how long what arrives is published. `waiting_since`: when the oldest of
    what is not published arrived (UTC), None where nothing waits."""

    promise: timedelta
    waiting_since: datetime | None = None

    def measure_wait(self, now: datetime) -> timedelta:
        """For how long the oldest waits."""
        return timedelta() if self.waiting_since is None else max(timedelta(), now - self.waiting_since)

    def measure_delay(self, now: datetime) -> timedelta:
        """By how much the promise is broken; nothing where it is kept."""
        return max(timedelta(), self.measure_wait(now) - self.promise)

    def is_late(self, now: datetime) -> bool:
        return self.measure_delay(now) > timedelta()
