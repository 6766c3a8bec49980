"""What is made for Prometheus and Grafana asks for nothing that `/metrics` does not tell."""

import json
import re
from datetime import datetime, timedelta

import pytest
import yaml

from watershed.cli.main import main
from watershed.declarations.table import Budget
from watershed.monitoring.metrics import (
    list_counts,
    list_durations,
    list_sources,
    list_state,
    list_streams,
    list_tables,
)
from watershed.monitoring.prometheus import make_dashboard, render_prometheus_rules
from watershed.monitoring.reading import Reading, Snooze, SourceReading, StreamReading, TableReading
from watershed.monitoring.rules import RULES

NOW = datetime(2026, 11, 27, 12)
HOUR = timedelta(hours=1)
LABEL = re.compile(r'(\w+)="')


class NoLedger:
    """Answers with one row of noughts: families have their names before the first publish too."""

    def ask(self, query: str, values: object = None) -> list[tuple[object, ...]]:
        columns = query.partition(" FROM ")[0].count("::DOUBLE") + 1
        return [(0.0,) * columns] if query.startswith("SELECT count(*) FILTER (ms") else []


def find_exposed() -> dict[str, set[str]]:
    """The labels of every figure by its name, of a reading that has everything."""
    reading = Reading(
        NOW,
        NOW - HOUR,
        tables=(TableReading("core.requests", HOUR, Budget(), published_at=NOW, read=1, waiting_since=NOW - 3 * HOUR),),
        sources=(SourceReading("access_logs", HOUR, HOUR),),
        streams=(StreamReading("watch_events", True),),
        lake_problem=(NOW - HOUR, "away"),
        snoozes=(Snooze("lake_unreadable", "", "x", "ann", NOW, NOW + HOUR),),
    )
    ledger = NoLedger()
    families = [*list_state(reading), *list_tables(reading), *list_sources(reading), *list_streams(reading)]
    families += [*list_counts(ledger), list_durations(ledger)]  # type: ignore[arg-type]
    exposed = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    return exposed | {f"{family.name}{'_total' if family.type == 'counter' else ''}": set() for family in families
                      if not family.samples} | {"watershed_step_seconds_bucket": {"le", "step"}}  # fmt: skip


def list_queries() -> list[str]:
    rules = yaml.safe_load(render_prometheus_rules())["groups"][0]["rules"]
    panels = make_dashboard()["panels"]
    return [*(rule["expr"] for rule in rules), *(t["expr"] for panel in panels for t in panel["targets"])]


@pytest.mark.parametrize("query", list_queries())
def test_queries_name_figures_that_there_are(query: str) -> None:
    named = set(re.findall(r"\bwatershed_\w+", query))
    assert named, query
    assert named <= set(find_exposed())
    for name, selector in re.findall(r"(watershed_\w+)\{([^}]*)\}", query):
        assert set(LABEL.findall(selector)) <= find_exposed()[name]
    assert query.count("(") == query.count(")") and query.count("{") == query.count("}")


def test_every_rule_is_an_alert_of_prometheus() -> None:
    [group] = yaml.safe_load(render_prometheus_rules())["groups"]
    assert set(group) == {"name", "rules"}
    for rule in group["rules"]:
        assert set(rule) == {"alert", "expr", "labels", "annotations"}  # what Prometheus knows, spelled as it spells it
        assert re.fullmatch(r"[A-Za-z_]\w*", rule["alert"])
        assert all(isinstance(text, str) for text in (*rule["labels"].values(), *rule["annotations"].values()))
        assert rule["annotations"]["runbook_url"]
    asked = {name for rule in group["rules"] for name in re.findall(r'rule="(\w+)"', rule["expr"])}
    assert asked == set(RULES)


def test_the_dashboard_is_json_for_grafana(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", "rules", "--grafana"]) == 0
    board = json.loads(capsys.readouterr().out)
    assert board["templating"]["list"][0]["type"] == "datasource"
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for p in panels
        for x in range(p["gridPos"]["x"], p["gridPos"]["x"] + p["gridPos"]["w"])
        for y in range(p["gridPos"]["y"], p["gridPos"]["y"] + p["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)  # no panel lies on another
    assert max(x for x, _ in cells) < 24


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", "rules", "--format", "json"]) == 0
    listed = {row["rule"]: row["severity"] for row in json.loads(capsys.readouterr().out)}
    assert listed == {name: rule.severity for name, rule in RULES.items()}


def test_a_snoozed_alert_says_so_in_its_figure() -> None:
    reading = Reading(NOW, NOW, lake_problem=(NOW - HOUR, "away"))
    snoozed = Reading(NOW, NOW, lake_problem=(NOW - HOUR, "away"),
                      snoozes=(Snooze("lake_unreadable", "", "x", "ann", NOW, NOW + HOUR),))  # fmt: skip
    for one, says in ((reading, "false"), (snoozed, "true")):
        [firing] = [s for family in list_state(one) for s in family.samples if s.name == "watershed_alert_firing"]
        assert firing.labels == {"rule": "lake_unreadable", "subject": "lake", "snoozed": says}
