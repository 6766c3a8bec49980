"""Snoozes: somebody knows of an alert, and does not want to hear of it until then. A snooze is a row, with who and why.

It ends by itself. What still fires then is told again; that it is over is told at any time, to who has heard of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import duckdb

from watershed.errors import InvalidInput
from watershed.monitoring.reading import Snooze
from watershed.monitoring.rules import RULES
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.recording import record_row

LONGEST = timedelta(days=30)
SNOOZES = """
    SELECT rule, subject, reason, snoozed_by, snoozed_at, snoozed_until FROM snoozes
    QUALIFY row_number() OVER (PARTITION BY rule, subject ORDER BY snapshot_id DESC) = 1
"""


def list_snoozes(ask: Callable[[str], Iterable[tuple[Any, ...]]]) -> list[Snooze]:
    """The last one of each rule and subject, over or not. `ask` answers SQL of the ledger; a lake that an earlier
    version made has none."""
    try:
        return [Snooze(*row) for row in ask(SNOOZES)]
    except duckdb.CatalogException:
        return []


def find_snooze(snoozes: Iterable[Snooze], rule: str, subject: str, now: datetime) -> Snooze | None:
    """The one that lasts longest."""
    found = [one for one in snoozes if one.covers(rule, subject, now)]
    return max(found, key=lambda one: one.snoozed_until, default=None)


def snooze(rule: str, subject: str, until: datetime, reason: str, by: str) -> Snooze:
    """Record it; an `until` that is over ends a snooze. Raises InvalidInput with one sentence."""
    now = utc_now()
    if rule not in RULES:
        raise InvalidInput(f"there is no alert rule {rule!r}; there are {', '.join(sorted(RULES))}")
    if until > now + LONGEST:
        raise InvalidInput(f"a snooze ends within {LONGEST.days} days: an alert that nobody wants is a rule to mend")
    if not reason.strip():
        raise InvalidInput("a snooze needs a reason, for the one who is on call next")
    one = Snooze(rule, subject.strip(), reason.strip()[:500], by, now, max(until, now))
    about = f"snooze {one.rule} {one.subject}".strip()
    record_row("ledger.snoozes", asdict(one), by, f"{about}: {one.reason}")
    return one
