"""What a Prometheus server gets: the last reading, the ledger's counts and durations, and Airflow's own figures."""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from watershed.monitoring.otlp import BOUNDS, Otlp, Series
from watershed.monitoring.questions import Ledger
from watershed.monitoring.reading import Reading
from watershed.monitoring.snoozes import find_snooze
from watershed.monitoring.state import list_findings
from watershed.monitoring.watcher import Watcher
from watershed.warehouse.alerts import Alert

OUTCOMES = ("read", "written", "quarantined", "deduplicated", "filtered")
ROWS = f"SELECT table_name, {', '.join(f'sum(rows_{name})::DOUBLE' for name in OUTCOMES)} FROM books GROUP BY ALL"
PARKED = "SELECT table_name, rows_quarantined::DOUBLE FROM table_counts"
CHECKS = "SELECT table_name, count(*) FILTER (NOT is_success)::DOUBLE, count(*)::DOUBLE FROM checks GROUP BY ALL"
PUBLISHES = "SELECT subject, count(*)::DOUBLE FROM publishes GROUP BY ALL"
STEPS = {
    "stage": "SELECT stage_ms AS ms FROM publishes WHERE stage_ms > 0",
    "check": "SELECT check_ms AS ms FROM publishes WHERE check_ms > 0",
    "wait": "SELECT wait_ms AS ms FROM waits",
    "publish": "SELECT publish_ms AS ms FROM waits",
}
NAMES = [*map(str, BOUNDS), "+Inf"]
EDGES_S = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


class Figures(Collector):
    """Makes every figure when it is asked for. One whose lake is away repeats the last that was known."""

    def __init__(self, watcher: Watcher, otlp: Otlp) -> None:
        self.watcher, self.otlp = watcher, otlp

    def collect(self) -> Iterator[Metric]:
        yield from list_state(self.watcher.reading)
        yield from list_tables(self.watcher.reading)
        yield from list_sources(self.watcher.reading)
        yield from list_streams(self.watcher.reading)
        if self.watcher.mirror.refreshed_at is not None:
            yield from list_counts(self.watcher.ledger)
            yield list_durations(self.watcher.ledger)
        yield from list_airflow(self.otlp.list_series())


def list_state(reading: Reading) -> Iterator[Metric]:
    yield gauge("lake_readable", "Whether the last look at the lake succeeded", [((), not reading.lake_problem)])
    yield gauge("airflow_well", "Whether Airflow says that it is healthy", [((), not reading.airflow_problem)])
    yield gauge("reading_timestamp_seconds", "When the monitor looked last", [((), reading.at.timestamp())])
    yield gauge("publish_queue", "Publishes that wait for the lake's lock", [((), reading.queue.waiting)])
    yield gauge("publish_queue_seconds", "How long the first of them waits", [((), reading.queue.longest_s)])
    yield gauge("books_unbalanced", "Raw objects whose books do not add up", [((), len(reading.imbalances))])
    refused = [((one.source,), one.objects) for one in reading.refusals]
    yield gauge("objects_refused", "Raw objects that are refused now and that nobody has left so", refused, ["source"])
    alerts = {(one.rule, one.subject, format_snoozed(reading, one)): 1 for one in list_findings(reading)}
    own = ["rule", "subject", "snoozed"]
    yield gauge("alert_firing", "1 for each alert that fires; snoozed: true or false", alerts.items(), own)


def format_snoozed(reading: Reading, alert: Alert) -> str:
    return str(find_snooze(reading.snoozes, alert.rule, alert.subject, reading.at) is not None).lower()


def list_tables(reading: Reading) -> Iterator[Metric]:
    found = {table.address: table for table in reading.tables}
    ages = [((a,), (reading.at - t.published_at).total_seconds()) for a, t in found.items() if t.published_at]
    waits = [((a,), reading.find_freshness(t).measure_wait(reading.at).total_seconds()) for a, t in found.items()]
    shares = [((a,), t.quarantined / t.read) for a, t in found.items() if t.read]
    own = ["table"]
    yield gauge("table_rows", "Rows in the files of a table", [((a,), t.rows) for a, t in found.items()], own)
    yield gauge("table_bytes", "Bytes of these files", [((a,), t.bytes) for a, t in found.items()], own)
    yield gauge("table_age_seconds", "Since the last publish", ages, own)
    yield gauge("table_waiting_seconds", "For how long the oldest of what arrived is not published", waits, own)
    promised = [((a,), t.promise.total_seconds()) for a, t in found.items()]
    yield gauge("table_promise_seconds", "Within how long it is promised to be", promised, own)
    yield gauge("quarantine_share", "Bad rows among those read in the last hour, 0 to 1", shares, own)


def list_sources(reading: Reading) -> Iterator[Metric]:
    """Those whose contracts say how often something arrives."""
    silences = [((one.name,), one.silence.total_seconds()) for one in reading.sources]
    yield gauge("source_silent_seconds", "Since something arrived, on days that count", silences, ["source"])
    expected = [((one.name,), one.every.total_seconds()) for one in reading.sources]
    yield gauge("source_expected_seconds", "Within how long something is expected", expected, ["source"])


def list_streams(reading: Reading) -> Iterator[Metric]:
    streams, own = reading.streams, ["stream"]
    waits = [((s.name,), reading.measure_wait(s.waiting_since).total_seconds()) for s in streams]
    yield gauge("stream_lag_messages", "Messages that are not published", [((s.name,), s.lag) for s in streams], own)
    yield gauge("stream_lag_seconds", "For how long the oldest of them waits", waits, own)
    yield gauge("stream_readers", "Partitions that a consumer reads", [((s.name,), s.readers) for s in streams], own)


def list_counts(ledger: Ledger) -> Iterator[Metric]:
    rows = CounterMetricFamily("watershed_rows", "Rows by what became of them", labels=["table", "outcome"])
    for table, *counts in ledger.ask(ROWS):
        for outcome, count in zip(OUTCOMES, counts, strict=True):
            rows.add_metric([table, outcome], count)
    failed = CounterMetricFamily("watershed_checks_failed", "Rules that rows failed", labels=["table"])
    checks = CounterMetricFamily("watershed_checks", "Rules that were evaluated", labels=["table"])
    for table, bad, count in ledger.ask(CHECKS):
        failed.add_metric([table], bad)
        checks.add_metric([table], count)
    publishes = CounterMetricFamily("watershed_publishes", "Publishes", labels=["subject"])
    for subject, count in ledger.ask(PUBLISHES):
        publishes.add_metric([subject], count)
    parked = [((table,), count) for table, count in ledger.ask(PARKED)]
    yield from (rows, failed, checks, publishes)
    yield gauge("quarantine_rows", "Rows that are in quarantine now", parked, ["table"])


def list_durations(ledger: Ledger) -> Metric:
    """How long the steps of all publishes took: staging, checking, waiting for the lock, and holding it."""
    family = HistogramMetricFamily("watershed_step_seconds", "Durations of the steps of publishes", labels=["step"])
    edges = ", ".join(f"count(*) FILTER (ms <= {edge * 1000})::DOUBLE" for edge in EDGES_S)
    for step, query in STEPS.items():
        *counts, count, total = ledger.ask(f"SELECT {edges}, count(*)::DOUBLE, coalesce(sum(ms), 0) FROM ({query})")[0]
        buckets = [*zip(map(str, EDGES_S), counts, strict=True), ("+Inf", count)]
        family.add_metric([step], buckets, float(total) / 1000)
    return family


def list_airflow(series: Iterable[Series]) -> Iterator[Metric]:
    """A family a name. Labels of a name may differ from process to process: a missing one is empty."""
    by_name: dict[str, list[Series]] = {}
    for one in series:
        by_name.setdefault(one.name, []).append(one)
    for name, own in sorted(by_name.items()):
        labels = sorted({label for one in own for label, _ in one.labels})
        yield make_family(metric_name(name, own[0].unit), own, labels)


def make_family(name: str, series: list[Series], labels: list[str]) -> Metric:
    kind, about, spelled = series[0].kind, "As Airflow counts it", [metric_name(label) for label in labels]
    own = [([dict(one.labels).get(label, "") for label in labels], one.values) for one in series if one.kind == kind]
    if kind == "histogram":
        family = HistogramMetricFamily(name, about, labels=spelled)
        for values, (_, total, *counts) in own:
            family.add_metric(values, list(zip(NAMES, accumulate(counts), strict=True)), total)
        return family
    one_number = GaugeMetricFamily if kind == "gauge" else CounterMetricFamily
    plain: GaugeMetricFamily | CounterMetricFamily = one_number(name, about, labels=spelled)
    for values, (value, *_) in own:
        plain.add_metric(values, value)
    return plain


def gauge(
    name: str, about: str, values: Iterable[tuple[tuple[str, ...], float]], labels: Iterable[str] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"watershed_{name}", about, labels=list(labels))
    for own, value in values:
        family.add_metric(list(own), float(value))
    return family


def metric_name(name: str, unit: str = "") -> str:
    spelled = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"{spelled}_milliseconds" if unit == "ms" else spelled
