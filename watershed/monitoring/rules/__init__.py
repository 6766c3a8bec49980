"""The rules: each finds in a reading what somebody has to look at. The page docs/on_call.md has a section for each.

A rule is a generator of findings, one for each thing that is wrong. It looks at nothing but the reading. An alert fires
when its finding appears and is over when it is gone, so thresholds are such that neither happens by accident.
"""

from watershed.monitoring.reading import Reading
from watershed.monitoring.rules import servers, streams, tables
from watershed.monitoring.rules.rule import RULES, Finding, Rule

__all__ = ["RULES", "Finding", "Rule", "find_all", "list_judged", "servers", "streams", "tables"]


def list_judged(reading: Reading) -> list[str]:
    """The rules that this reading can answer. While the lake cannot be read, nothing is known of what is in it."""
    return ["lake_unreadable", "airflow_unwell"] if reading.lake_problem else list(RULES)


def find_all(reading: Reading) -> dict[tuple[str, str], Finding]:
    """Everything that is wrong, by rule and subject; one sentence each."""
    found: dict[tuple[str, str], Finding] = {}
    for name in list_judged(reading):
        for finding in RULES[name].find(reading):
            found.setdefault((name, finding.subject), finding)
    return found
