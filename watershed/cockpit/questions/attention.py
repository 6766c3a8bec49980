"""What needs attention: alerts that fire, objects that were refused, checks that failed, days that are missing.

One list, each entry with a link to where something can be done about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from watershed.cockpit.declared import list_declared
from watershed.cockpit.outages import ASKED
from watershed.cockpit.questions.checks import format_rules, list_failing
from watershed.cockpit.questions.health import find_snoozes, list_alerts
from watershed.cockpit.questions.months import SIGNS
from watershed.cockpit.questions.partitions import list_troubled, read_refused
from watershed.monitoring.rules import RULES
from watershed.warehouse.alerts import FIRING

Level = Literal["bad", "warn"]


@dataclass(frozen=True)
class Matter:
    """Something to look at: a badge, what it is about, a sentence, and an address below the pages' root."""

    level: Level
    badge: str
    subject: str
    sentence: str
    address: str


def list_matters() -> list[Matter]:
    """The urgent ones first."""
    found = [*list_firing(), *list_refusals(), *list_failed_checks(), *list_days()]
    return sorted(found, key=lambda one: one.level != "bad")


def list_firing() -> Iterator[Matter]:
    """But for refused objects, of which the next list says more."""
    alerts = list_alerts(ASKED.find_monitor())
    snoozes = find_snoozes(alerts)
    for alert in alerts:
        if alert["state"] == FIRING and alert["rule"] != "objects_refused":
            rule, snoozed = RULES.get(alert["rule"]), snoozes.get((alert["rule"], alert["subject"]))
            level: Level = "bad" if rule and rule.severity == "urgent" and not snoozed else "warn"
            badge = f"{alert['rule']}{', snoozed' if snoozed else ''}"
            yield Matter(level, badge, alert["subject"], alert["sentence"], "health#firing")


def list_refusals() -> Iterator[Matter]:
    """One for each source: how many of its objects wait for somebody, and why the latest was refused."""
    tables = {source: address for address, one in list_declared().items() for source in one.sources}
    waiting = [one for one in read_refused() if one.left_by is None]
    by_source = sorted(waiting, key=lambda one: one.source)
    for source, group in groupby(by_source, key=lambda one: one.source):
        refused = sorted(group, key=lambda one: one.refused_at, reverse=True)
        what = "1 object refused" if len(refused) == 1 else f"{len(refused):,} objects refused"
        where = f"quarantine/{tables[source]}" if source in tables else "quarantine"
        yield Matter("bad", what, source, f"{refused[0].object_name}: {refused[0].reason}", where)


def list_failed_checks() -> Iterator[Matter]:
    for address, failed in list_failing().items():
        count = "1 check failed" if len(failed) == 1 else f"{len(failed)} checks failed"
        level: Level = "bad" if any(row["severity"] == "critical" for row in failed) else "warn"
        yield Matter(level, count, address, format_rules(failed), f"tables/{address}#checks")


def list_days() -> Iterator[Matter]:
    for address, counts, newest in list_troubled():
        for state, count in counts.items():
            level: Level = "warn" if state == "stale" else "bad"
            badge = f"{SIGNS[state]} {count:,} {'day' if count == 1 else 'days'} {state}"
            yield Matter(level, badge, address, newest, f"tables/{address}#attention")
