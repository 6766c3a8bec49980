"""How the platform is: latency, traffic, errors and saturation of every step, and what fires."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cache
from statistics import quantiles

from watershed.models.model import list_models
from watershed.monitoring.reading import Service, Snooze, StreamReading
from watershed.monitoring.services import PARTS, WEB_SERVER
from watershed.monitoring.snoozes import find_snooze, list_snoozes
from watershed.monitoring.state import MonitorState
from watershed.monitoring.watcher import LAKE_ERRORS
from watershed.warehouse.alerts import FIRING
from watershed.warehouse.ledger.cache import MIRROR, Row
from watershed.warehouse.ledger.history import utc_now

HOURS = 24
STEPS = ("land", "stage", "check", "publish", "marts", "train", "predict", "stream")
SCHEDULER, TRIGGERER = PARTS["scheduler"], PARTS["triggerer"]
FAILED = ("failed", "up_for_retry")
IDLE = ("skipped", "upstream_failed", "removed")  # they did nothing, well or badly
PUBLISHED = """
    SELECT publishes.subject, actor, published_at, rows_read, rows_written, stage_ms + check_ms AS work_ms,
           coalesce(wait_ms, 0) AS wait_ms, coalesce(publish_ms, 0) AS publish_ms
    FROM publishes LEFT JOIN waits USING (run_id, snapshot_id) WHERE published_at >= $since
    ORDER BY published_at DESC LIMIT 20000
"""
ALERTS = """
    WITH changes AS (
        SELECT *, row_number() OVER (PARTITION BY alert_id ORDER BY snapshot_id DESC) AS place,
               min(changed_at) OVER (PARTITION BY alert_id) AS since FROM alerts
    )
    SELECT alert_id, rule, subject, state, sentence, since, changed_at, delivered_at FROM changes
    WHERE place = 1 AND (state = 'firing' OR changed_at >= $since)
    ORDER BY state, changed_at DESC LIMIT 50
"""


@dataclass(frozen=True)
class TaskRun:
    """A try of an Airflow task: state, begin (UTC), and seconds that it ran and had waited for a slot."""

    dag_id: str
    task_id: str
    state: str
    started_at: datetime
    seconds: float | None
    queued_s: float | None


@dataclass
class Signals:
    """The four signals of a step within a day. Times are seconds; `hourly`: runs by hour, the present one last."""

    step: str
    durations: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    runs: int = 0
    failed: int = 0
    rows: int | None = None
    hourly: list[int] = field(default_factory=lambda: [0] * HOURS)

    @property
    def usual_s(self) -> float | None:
        return find_quantile(self.durations, 50)

    @property
    def slow_s(self) -> float | None:
        return find_quantile(self.durations, 95)

    @property
    def wait_s(self) -> float | None:
        return find_quantile(self.waits, 95)

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.runs if self.runs else None

    def add(self, now: datetime, at: datetime, seconds: float | None, wait_s: float | None, failed: bool) -> None:
        self.runs += 1
        self.failed += failed
        self.durations += [] if seconds is None else [seconds]
        self.waits += [] if wait_s is None else [wait_s]
        age = int((now - at).total_seconds() // 3600)
        if 0 <= age < HOURS:
            self.hourly[HOURS - 1 - age] += 1


def list_tasks() -> list[TaskRun]:
    """The tries of a day. Airflow's plugin puts in its place a function that knows them."""
    return []


def measure_steps(tasks: Iterable[TaskRun], now: datetime | None = None) -> list[Signals]:
    """Of Airflow's tasks how they went; of publishes, and of streams, what the ledger says. Raises what a lake that is
    away raises, where this process has no copy of it."""
    now = now or utc_now()
    found = {step: Signals(step) for step in STEPS}
    for task in tasks:
        if (step := name_step(task.dag_id, task.task_id)) is not None and task.state not in IDLE:
            found[step].add(now, task.started_at, task.seconds, task.queued_s, task.state in FAILED)
    published = MIRROR.ask(PUBLISHED, {"since": now - timedelta(hours=HOURS)})
    for row in (row for row in published if row["actor"] == "stream"):
        took = (row["work_ms"] + row["wait_ms"] + row["publish_ms"]) / 1000
        found["stream"].add(now, row["published_at"], took, row["wait_ms"] / 1000, False)
    found["publish"].waits = [row["wait_ms"] / 1000 for row in published]  # at the lake's lock
    add_rows(found, published)
    return list(found.values())


def add_rows(found: dict[str, Signals], published: list[Row]) -> None:
    batch = [row for row in published if row["actor"] != "stream" and "." not in row["subject"]]
    found["stage"].rows = sum(row["rows_read"] for row in batch)
    found["check"].rows = found["publish"].rows = sum(row["rows_written"] for row in batch)
    found["stream"].rows = sum(row["rows_read"] for row in published if row["actor"] == "stream")
    predicted = tuple(model.lists.address for model in list_models())
    for step, start in (("marts", ("mart.", "core.")), ("predict", predicted)):
        found[step].rows = sum(row["rows_written"] for row in published if row["subject"].startswith(start))


@cache
def list_whole_dags() -> dict[str, str]:
    """The steps that are whole DAGs, by DAG."""
    trained = {model.train_dag: "train" for model in list_models()}
    return {"build_marts": "marts"} | trained | {model.predict_dag: "predict" for model in list_models()}


def name_step(dag_id: str, task_id: str) -> str | None:
    if (whole := list_whole_dags().get(dag_id)) is not None:
        return whole
    step = task_id.partition("_")[0]
    return step if dag_id.startswith("ingest_") and step in ("land", "stage", "check", "publish") else None


def find_quantile(values: list[float], percent: int) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def list_alerts(state: MonitorState | None, now: datetime | None = None) -> list[Row]:
    """What fires, then what was over within a week. What fires the monitor knows best: the ledger may be away, or not
    know it yet. Of one that is gone counts what the ledger has never heard of. What was over only the ledger knows."""
    try:
        known = MIRROR.ask(ALERTS, {"since": (now or utc_now()) - timedelta(days=7)})
    except LAKE_ERRORS:
        known = []
    heard = {row["alert_id"] for row in known}
    told = [asdict(alert) | {"since": alert.changed_at} for alert in (state.alerts if state else ())]
    if state is not None and state.is_answering:
        return [*told, *(row for row in known if row["state"] != FIRING)]
    return [*(row for row in told if row["alert_id"] not in heard), *known]


def find_snoozes(alerts: Iterable[Row], now: datetime | None = None) -> dict[tuple[str, str], Snooze]:
    """By rule and subject, of those that fire and are snoozed now: by the ledger, which knows it first."""
    try:
        with MIRROR.open() as con:
            known = list_snoozes(lambda query: con.execute(query).fetchall())
    except LAKE_ERRORS:
        return {}
    keys = {(row["rule"], row["subject"]) for row in alerts if row["state"] == FIRING}
    found = {key: find_snooze(known, *key, now or utc_now()) for key in keys}
    return {key: one for key, one in found.items() if one is not None}


def describe_stream(stream: StreamReading, away: Iterable[Service]) -> tuple[str, str]:
    """How a stream is read: `good`, `warn` or `bad`, and a sentence."""
    stopped = [one.name for one in away if one.name in (SCHEDULER, TRIGGERER, WEB_SERVER)]
    if stream.problem or stream.failing:
        return "bad", stream.problem or stream.failing[0]
    if stream.dead and not stream.consumers:
        return "bad", f"its consumer has been dead since {format_time(stream.dead[0].since)}: nobody reads"
    if stream.dead:
        return "bad", f"a consumer has been dead since {format_time(stream.dead[0].since)}; {stream.consumers} read on"
    if stream.is_continuous:
        return ("good", "read without end") if stream.consumers else ("warn", "no consumer runs: nobody reads")
    return ("bad", f"not read: the {stopped[0]} is away") if stopped else ("good", "read as messages arrive")


def format_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
