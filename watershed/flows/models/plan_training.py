"""Whether a training is due: a run of the features' tables is announced often, and most change too little to learn."""

from contextlib import closing
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from watershed.declarations.registry import DRIFTS, MODELS
from watershed.flows.prepare import prepare_tables
from watershed.models.model import Model
from watershed.models.registry import Version, list_versions
from watershed.warehouse.connection import connect

ENOUGH_NEW = 0.05  # more rows than the last training had, as a share of them

DRIFTED = f"""
    SELECT bool_or(is_drifted) FROM {DRIFTS} WHERE model_version = ? AND measured_at > ?
    AND run_id IN (SELECT run_id FROM ledger.publishes WHERE subject = ?)
"""


@dataclass(frozen=True)
class TrainingPlan:
    """Whether to train, and why, in one sentence. `rows`: how many there are to learn from."""

    is_due: bool
    reason: str
    rows: int


def plan_training(model: Model) -> TrainingPlan:
    """Compare with the last training, whatever became of it."""
    prepare_tables([*model.inputs, MODELS, DRIFTS])
    with closing(connect(read_only=True)) as con:
        row = con.execute(f"SELECT count(*) FROM ({model.features_sql()})").fetchone()
        versions = list_versions(con, model.name)
        is_drifted = bool(versions) and has_drifted(con, model, versions)
    count = int(row[0]) if row else 0
    is_due, reason = judge_need(model.features.name, count, versions[-1] if versions else None, is_drifted)
    return TrainingPlan(is_due, reason, count)


def has_drifted(con: DuckDBPyConnection, model: Model, versions: list[Version]) -> bool:
    """Whether drift against the champion was measured after the last training."""
    champion = next((version.model_version for version in versions if version.state == "champion"), None)
    row = con.execute(DRIFTED, [champion, versions[-1].trained_at, model.lists.address]).fetchone()
    return bool(row and row[0])


def judge_need(what: str, count: int, last: Version | None, is_drifted: bool) -> tuple[bool, str]:
    """Whether to train with so many of what is learned from, and why, in one sentence.

    A model that was refused although there was drift would be refused again: then only more data is a reason.
    """
    if last is None:
        return (True, "no version has been trained yet") if count else (False, f"there are no {what} yet")
    if is_drifted and last.state != "refused":
        return True, f"what the champion sees has drifted since version {last.model_version} was trained"
    more = count / last.row_count - 1
    told = f"{count:,} {what}, {more:+.1%} since version {last.model_version} was trained"
    return more >= ENOUGH_NEW, f"{told}; {ENOUGH_NEW:.0%} more are enough"
