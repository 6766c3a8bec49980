"""How the runs of DAGs end, by the figures that Airflow sends."""

from datetime import datetime

from watershed.monitoring.otlp import Otlp
from watershed.monitoring.reading import Runs

ENDED = {"success": "airflow.dagrun.duration.success", "failed": "airflow.dagrun.duration.failed"}


class RunCounts:
    """Of each DAG how many runs have failed since one succeeded, as far as the monitor has heard."""

    def __init__(self, otlp: Otlp) -> None:
        self.otlp = otlp
        self.counted: dict[str, dict[str, float]] = {}
        self.runs: dict[str, Runs] = {}

    def note(self, now: datetime) -> None:
        """Look what was sent since the last time."""
        counts = {state: self.otlp.count_by(name, "dag_id") for state, name in ENDED.items()}
        for dag in sorted({*counts["success"], *counts["failed"]}):
            ended = {state: counts[state].get(dag, 0.0) for state in ENDED}
            new = {state: count - self.counted.get(dag, {}).get(state, 0.0) for state, count in ended.items()}
            if any(new.values()):
                before = self.runs.get(dag, Runs())
                # Which of two ended last is not told: a success means that the DAG can.
                failed = 0 if new["success"] else before.failed + int(new["failed"])
                self.runs = self.runs | {dag: Runs(failed, now)}
            self.counted[dag] = ended
