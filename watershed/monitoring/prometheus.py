"""The alert rules for those who have Prometheus, and a dashboard for those who have Grafana: made of the rules here.

Each alert asks for the monitor's own figure of it, `watershed_alert_firing`, so that there is one definition of what is
wrong, tested with the code that it watches. What the monitor cannot say is that it does not run: one alert more.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from watershed.monitoring.delivery import runbook_address
from watershed.monitoring.rules import RULES, Rule
from watershed.settings import read_setting

SILENT_S = 120
FIRING = "watershed_alert_firing"
LOOKED = "watershed_reading_timestamp_seconds"
SEVERITIES = {"urgent": "page", "soon": "ticket"}
SOURCE = {"type": "prometheus", "uid": "${source}"}
# Title, unit, and for each line a query and a legend.
PANELS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("Tables: for how long what arrived waits", "s", (("watershed_table_waiting_seconds", "{{table}}"),)),
    ("Tables: part of the promised time", "percentunit",
     (("watershed_table_waiting_seconds / watershed_table_promise_seconds", "{{table}}"),)),
    ("Sources: silence", "s", (("watershed_source_silent_seconds", "{{source}}"),)),
    ("Rows a second, by outcome", "cps", (("sum by (outcome) (rate(watershed_rows_total[5m]))", "{{outcome}}"),)),
    ("Rows in quarantine, share of the last hour", "percentunit", (("watershed_quarantine_share", "{{table}}"),)),
    ("Checks that failed a second", "cps",
     (("sum by (table) (rate(watershed_checks_failed_total[5m]))", "{{table}}"),)),
    ("Objects that are refused", "short", (("watershed_objects_refused", "{{source}}"),)),
    ("Streams: messages that wait", "short", (("watershed_stream_lag_messages", "{{stream}}"),)),
    ("Streams: for how long they wait", "s", (("watershed_stream_lag_seconds", "{{stream}}"),)),
    ("Streams: partitions that are read", "short", (("watershed_stream_readers", "{{stream}}"),)),
    ("Steps: 95 of 100 are done within", "s",
     (("histogram_quantile(0.95, sum by (le, step) (rate(watershed_step_seconds_bucket[15m])))", "{{step}}"),)),
    ("Publishes that wait for the lake's lock", "short",
     (("watershed_publish_queue", "waiting"), ("watershed_publish_queue_seconds", "seconds of the first"))),
    ("Bytes of tables", "bytes", (("watershed_table_bytes", "{{table}}"),)),
)  # fmt: skip


def render_prometheus_rules() -> str:
    """A file for `rule_files` of a Prometheus server."""
    rules = [describe_silence(), *(describe_rule(rule) for rule in RULES.values())]
    groups = {"groups": [{"name": "watershed", "rules": rules}]}
    head = "# Made by `watershed monitor rules --prometheus`: make it again after an upgrade.\n"
    return head + str(yaml.safe_dump(groups, sort_keys=False, width=110, allow_unicode=True))


def describe_rule(rule: Rule) -> dict[str, Any]:
    """A snooze counts: who snoozes an alert here does not hear of it there."""
    return {
        "alert": make_alert(rule.name),
        "expr": f'max by (rule, subject) ({FIRING}{{rule="{rule.name}",snoozed="false"}}) == 1',
        "labels": {"severity": SEVERITIES[rule.severity]},
        "annotations": {
            "summary": f"{rule.name}: {{{{ $labels.subject }}}}",
            "description": rule.meaning,
            "runbook_url": runbook_address(rule.name),
        },
    }


def describe_silence() -> dict[str, Any]:
    """Nobody watches: the one thing that no figure of the monitor says."""
    return {
        "alert": "WatershedMonitorSilent",
        "expr": f"absent({LOOKED}) or time() - max({LOOKED}) > {SILENT_S}",
        "labels": {"severity": SEVERITIES["urgent"]},
        "annotations": {
            "summary": "No monitor of Watershed has looked for two minutes",
            "description": "Nobody is told when something goes wrong: start `watershed monitor`.",
            "runbook_url": f"{read_setting('airflow_url', '')}/watershed/health",
        },
    }


def make_alert(name: str) -> str:
    return "Watershed" + "".join(part.capitalize() for part in name.split("_"))


def make_dashboard() -> dict[str, Any]:
    """For Grafana's import: it asks which Prometheus to use."""
    panels = [*make_heads(), *(make_chart(number, *panel) for number, panel in enumerate(PANELS))]
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "title": "Watershed",
        "uid": "watershed",
        "tags": ["watershed"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [source]},
        "panels": [panel | {"id": number} for number, panel in enumerate(panels, 1)],
    }


def make_heads() -> Iterator[dict[str, Any]]:
    """What fires, and whether lake, Airflow and monitor are well."""
    own = {"datasource": SOURCE, "type": "stat", "options": {"reduceOptions": {"calcs": ["lastNotNull"]}}}
    stats = (
        ("Alerts that fire", f'count({FIRING}{{snoozed="false"}}) or vector(0)', "short"),
        ("Snoozed", f'count({FIRING}{{snoozed="true"}}) or vector(0)', "short"),
        ("Lake can be read", "min(watershed_lake_readable)", "bool_yes_no"),
        ("Airflow is well", "min(watershed_airflow_well)", "bool_yes_no"),
        ("Since the monitor looked", f"time() - max({LOOKED})", "s"),
    )
    for number, (title, query, unit) in enumerate(stats):
        place = {"x": number * 4, "y": 0, "w": 4, "h": 4}
        yield own | {"title": title, "gridPos": place, "fieldConfig": make_unit(unit), "targets": [make_target(query)]}
    firing = make_target(f"{FIRING} == 1", is_table=True)
    place = {"x": 0, "y": 4, "w": 24, "h": 6}
    yield {"datasource": SOURCE, "type": "table", "title": "Alerts that fire", "gridPos": place, "targets": [firing]}


def make_chart(number: int, title: str, unit: str, lines: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {
        "datasource": SOURCE,
        "type": "timeseries",
        "title": title,
        "gridPos": {"x": 12 * (number % 2), "y": 10 + 8 * (number // 2), "w": 12, "h": 8},
        "fieldConfig": make_unit(unit),
        "targets": [make_target(query, legend, ref) for (query, legend), ref in zip(lines, "ABC", strict=False)],
    }


def make_target(query: str, legend: str = "", ref: str = "A", is_table: bool = False) -> dict[str, Any]:
    own = {"datasource": SOURCE, "expr": query, "refId": ref, "legendFormat": legend}
    return own | ({"format": "table", "instant": True} if is_table else {})


def make_unit(unit: str) -> dict[str, Any]:
    return {"defaults": {"unit": unit}, "overrides": []}
