"""What the tasks of a training tell Airflow."""

from collections import defaultdict
from dataclasses import asdict
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from tests.airflow.test_schedules import make_context
from tests.airflow.test_steps import Event
from watershed.airflow import models
from watershed.flows.models.plan_training import TrainingPlan

REFUSED = {"version": 3, "state": "refused", "reason": "it is worse than version 2", "snapshot": 9}
CHAMPION = {"version": 3, "state": "champion", "reason": "it is not worse than version 2", "snapshot": 9}


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Any:
    found = make_context("asset_triggered") | {"outlet_events": defaultdict(Event)}
    monkeypatch.setattr(models, "get_current_context", lambda: found)
    return found


@pytest.mark.parametrize(("is_due", "run_type"), [(True, "asset_triggered"), (False, "manual"), (True, "manual")])
def test_a_training_that_is_due_or_asked_for(
    context: Any, monkeypatch: pytest.MonkeyPatch, is_due: bool, run_type: str
) -> None:
    planned = TrainingPlan(is_due, "because", 7)
    monkeypatch.setattr("watershed.flows.models.plan_training.plan_training", lambda model: planned)
    context["dag_run"].run_type = run_type
    assert models.plan_task.function("recommender") == asdict(planned)


def test_another_training_is_skipped(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = TrainingPlan(False, "0 interactions, +0.0%", 0)
    monkeypatch.setattr("watershed.flows.models.plan_training.plan_training", lambda model: planned)
    with pytest.raises(AirflowSkipException, match=r"nothing to do: 0 interactions"):
        models.plan_task.function("recommender")


def test_a_new_champion_is_announced_to_all(context: Any) -> None:
    assert models.announce_task.function(CHAMPION) == CHAMPION
    ((asset, event),) = context["outlet_events"].items()
    assert (asset.name, event.keys, event.extra) == ("ml.models", ["all"], CHAMPION)


def test_a_refused_version_is_announced_to_nobody(context: Any) -> None:
    with pytest.raises(AirflowSkipException, match="version 3 was refused: it is worse than version 2"):
        models.announce_task.function(REFUSED)
    assert context["outlet_events"] == {}
