"""Airflow's own figures: it sends them by OTLP, here they are added up until somebody asks.

Each process of Airflow, also that of a single task, sends what it counted itself. Sums and histograms are added over
all of them, whether a process sends what is new (delta) or its total since it began (cumulative). Of a gauge the last
value counts. Histograms are kept in fixed buckets, since those that are sent change their bounds as they go.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE, ExponentialHistogramDataPoint

# In what is measured, milliseconds as a rule.
BOUNDS = (10.0, 50.0, 100.0, 500.0, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 1.8e6, 3.6e6)
MOST_SERIES = 5000
REMEMBERED_S = 3600.0  # of a process that sends totals: silent for so long, it has ended

Labels = tuple[tuple[str, str], ...]
Kind = Literal["sum", "gauge", "histogram"]


@dataclass
class Series:
    """A figure with its labels. `values`: one number; of a histogram count, sum and the count of each bucket."""

    name: str
    kind: Kind
    unit: str
    labels: Labels
    values: list[float] = field(default_factory=list)


class Otlp:
    """The figures by name and labels. `take` and `list_series` may be called from any thread."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.series: dict[tuple[str, Labels], Series] = {}
        self.totals: dict[tuple[str, Labels, int], tuple[float, list[float]]] = {}
        self.began_ns = time.time_ns()
        self.dropped = 0

    def take(self, body: bytes) -> None:
        """One request, protobuf. Raises google.protobuf.message.DecodeError."""
        request = ExportMetricsServiceRequest.FromString(body)
        with self.lock:
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        self.add_metric(metric)
            self.forget_ended()

    def add_metric(self, metric: Any) -> None:
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind) if kind else None
        is_total = getattr(data, "aggregation_temporality", 0) == AGGREGATION_TEMPORALITY_CUMULATIVE
        for point in getattr(data, "data_points", ()):
            labels = tuple(sorted((pair.key, read_value(pair.value)) for pair in point.attributes))
            if kind == "gauge":
                self.find(metric, "gauge", labels).values = [read_number(point)]
            elif kind == "sum":
                shown: Kind = "sum" if getattr(data, "is_monotonic", True) else "gauge"
                self.add(self.find(metric, shown, labels), [read_number(point)], point, is_total)
            elif kind in ("histogram", "exponential_histogram"):
                self.add(self.find(metric, "histogram", labels), read_histogram(point), point, is_total)

    def find(self, metric: Any, kind: Kind, labels: Labels) -> Series:
        key = (metric.name, labels)
        if key not in self.series and len(self.series) >= MOST_SERIES:
            self.dropped += 1
            return Series(metric.name, kind, metric.unit, labels)
        return self.series.setdefault(key, Series(metric.name, kind, metric.unit, labels))

    def add(self, series: Series, values: list[float], point: Any, is_total: bool) -> None:
        if is_total:
            key = (series.name, series.labels, point.start_time_unix_nano)
            # Counts from before anybody listened are not news.
            known = values if point.start_time_unix_nano < self.began_ns else [0.0] * len(values)
            before = self.totals.get(key, (0.0, known))[1]
            self.totals[key] = (time.monotonic(), values)
            values = [now - was for now, was in zip(values, before, strict=True)]
        sums = series.values or [0.0] * len(values)
        series.values = [was + new for was, new in zip(sums, values, strict=True)]

    def forget_ended(self) -> None:
        oldest = time.monotonic() - REMEMBERED_S
        self.totals = {key: total for key, total in self.totals.items() if total[0] > oldest}

    def list_series(self) -> list[Series]:
        with self.lock:
            return [Series(s.name, s.kind, s.unit, s.labels, list(s.values)) for s in self.series.values() if s.values]

    def count_by(self, name: str, label: str) -> dict[str, float]:
        """How often something was counted or measured, by the value of a label."""
        counts: dict[str, float] = {}
        for series in self.list_series():
            if series.name == name:
                value = dict(series.labels).get(label, "")
                counts[value] = counts.get(value, 0.0) + series.values[0]
        return counts


def read_value(value: Any) -> str:
    kind = value.WhichOneof("value")
    return str(getattr(value, kind)) if kind else ""


def read_number(point: Any) -> float:
    return float(getattr(point, point.WhichOneof("value") or "as_int"))


def read_histogram(point: Any) -> list[float]:
    """Count, sum and the count of each of our buckets, the last of which is without bound."""
    buckets = [0.0] * (len(BOUNDS) + 1)
    for upper, count in list_buckets(point):
        buckets[bisect_left(BOUNDS, upper)] += count
    return [float(point.count), point.sum, *buckets]


def list_buckets(point: Any) -> Iterator[tuple[float, float]]:
    """Upper bound and count of what was sent. Durations are not negative."""
    if not isinstance(point, ExponentialHistogramDataPoint):
        yield from zip([*point.explicit_bounds, float("inf")], point.bucket_counts, strict=False)
        return
    base = 2.0 ** (2.0**-point.scale)
    yield 0.0, float(point.zero_count)
    for index, count in enumerate(point.positive.bucket_counts):
        if count:
            yield format_bound(base, point.positive.offset + index + 1), float(count)


def format_bound(base: float, power: int) -> float:
    try:
        return base**power
    except OverflowError:
        return float("inf")
