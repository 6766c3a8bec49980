"""The models of `make run`: trained and predicting by themselves, since what they learn from was published.

Then some users are shown what was predicted for them and watch some of it: a streaming log as any other, once for each
version of the model.
"""

import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from sample.demo import SEED, generate_sample
from sample.generate.telemetry import Shown, count_lines, make_telemetry
from watershed.cli.dag_runs import PATIENCE_S, Report, follow, land_folder, wait_for_marts
from watershed.errors import RunFailed
from watershed.models.registry import find_champion
from watershed.stack.airflow_api import AirflowApi
from watershed.warehouse.connection import connect

TRAIN, PREDICT = "train_recommender", "predict_recommendations"
VIEWERS = 60

LISTS = """
    SELECT user_id, film_ids, predicted_at FROM ml.predictions
    WHERE model_version = ? AND len(film_ids) > 10
    QUALIFY predicted_at = max(predicted_at) OVER (PARTITION BY user_id)
    ORDER BY hash(user_id), user_id LIMIT ?
"""


def run_models(api: AirflowApi, report: Report) -> set[str]:
    """Wait for the models, send telemetry where there is none of the champion's lists, wait again. Returns the raw
    objects of all telemetry."""
    version = wait_for_models(api, report)
    find_telemetry().mkdir(exist_ok=True)
    if is_new := not has_telemetry(version):
        write_telemetry(version)
    landed = land_folder("watch_logs", find_telemetry(), report)
    if is_new:
        follow(api, [api.trigger("ingest_watch_logs")], report)
        wait_for_marts(api, report)
        wait_for_models(api, report)
    return landed


def wait_for_models(api: AirflowApi, report: Report) -> int:
    """Until nothing trains or predicts any more and the champion's lists are published. Returns its version.

    What failed, or did not start by itself, because its DAG was paused for one, is started.
    """
    deadline = time.monotonic() + PATIENCE_S
    report("waiting for train_recommender and predict_recommendations, which follow what was published")
    while time.monotonic() < deadline:
        if any(api.list_runs(dag, state=state) for dag in (TRAIN, PREDICT) for state in ("queued", "running")):
            time.sleep(1)
            continue
        champion, predicted = find_versions()
        if (due := find_due(api, champion, predicted)) is None:
            report(f"recommender: version {predicted} is the champion, and its recommendations are published")
            return int(predicted or 0)
        follow(api, [api.trigger(due)], report)
    raise RunFailed(f"after {PATIENCE_S} s there are no recommendations by the champion; see {api.url}")


def find_due(api: AirflowApi, champion: int | None, predicted: int | None) -> str | None:
    """The DAG that must run before the champion's lists are published."""
    for dag in (TRAIN, PREDICT):
        if [run.state for run in api.list_runs(dag)[:1]] == ["failed"]:
            return dag
    if champion is None:
        return TRAIN
    return None if champion == predicted else PREDICT


def find_versions() -> tuple[int | None, int | None]:
    """The champion's version, and the one whose lists are published."""
    with closing(connect(read_only=True)) as con:
        champion = find_champion(con, "recommender")
        row = con.execute("SELECT max(model_version) FROM ml.recommendations").fetchone()
    return champion.model_version if champion else None, row[0] if row else None


def has_telemetry(version: int) -> bool:
    with closing(connect(read_only=True)) as con:
        query = "SELECT 1 FROM mart.recommendation_quality_daily WHERE model_version = ? LIMIT 1"
        return con.execute(query, [version]).fetchone() is not None


def find_telemetry() -> Path:
    return generate_sample() / "telemetry"


def write_telemetry(version: int) -> None:
    """Write the log of some users to whom the version's lists are shown."""
    with closing(connect(read_only=True)) as con:
        lists = [Shown(*row) for row in con.execute(LISTS, [version, VIEWERS]).fetchall()]
    lines = make_telemetry(lists, SEED)
    day = max(own.predicted_at for own in lists).date()
    (find_telemetry() / f"watch-{day}-version{version}.log").write_text("\n".join(lines) + "\n")


def count_telemetry() -> Counter[str]:
    """The rows by table of all telemetry that was ever sent from here."""
    counts: Counter[str] = Counter()
    for path in sorted(find_telemetry().glob("*.log")):
        counts.update(count_lines(path.read_text().splitlines()))
    return counts
