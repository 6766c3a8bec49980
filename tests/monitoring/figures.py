"""Figures as Airflow sends them, made by OpenTelemetry's own library."""

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

from watershed.monitoring.otlp import Otlp

TOTALS = AggregationTemporality.CUMULATIVE


class Process:
    """A process of Airflow: `count` and `measure` as it does, and `send` all of it."""

    def __init__(self, temporality: AggregationTemporality = AggregationTemporality.DELTA) -> None:
        self.reader = InMemoryMetricReader(preferred_temporality={Counter: temporality, Histogram: temporality})
        view = View(instrument_type=Histogram, aggregation=ExponentialBucketHistogramAggregation())
        provider = MeterProvider(metric_readers=[self.reader], views=[view], shutdown_on_exit=False)
        self.meter = provider.get_meter("airflow")

    def count(self, name: str, **labels: str) -> None:
        self.meter.create_counter(name).add(1, labels)

    def set(self, name: str, value: float, **labels: str) -> None:
        self.meter.create_gauge(name).set(value, labels)

    def measure(self, name: str, milliseconds: float, **labels: str) -> None:
        self.meter.create_histogram(name, unit="ms").record(milliseconds, labels)

    def encode(self) -> bytes:
        data = self.reader.get_metrics_data()
        assert data is not None
        return encode_metrics(data).SerializeToString()


def send_runs(otlp: Otlp, dag: str, state: str) -> None:
    """A run that has ended, as the scheduler tells it."""
    process = Process()
    process.measure(f"airflow.dagrun.duration.{state}", 1200, dag_id=dag, run_type="manual")
    otlp.take(process.encode())
