"""Predictions as tasks: choose -> predict -> check, measure_drift -> publish, of the model that is named.

Each calls one function of the flows and tells Airflow what came of it. The asset graph leads from the tables that are
learned from and from ml.models to the tables that the model predicts.
"""

from dataclasses import asdict
from typing import Any

from airflow.sdk import FixedKeyMapper, Param, PartitionedAssetTimetable, get_current_context, task
from airflow.sdk.definitions.asset import Asset, AssetAny
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from watershed.airflow.assets import table_asset
from watershed.airflow.ingest import Counts
from watershed.airflow.models import begin, list_inputs, place
from watershed.airflow.schedules import WHOLE
from watershed.declarations.registry import DRIFTS, MODELS
from watershed.models.model import find_model

FORCE = "Predict for everybody, and publish even if scores are far from the last run's: a person has looked at them."


def listen_to_champion(model: str) -> PartitionedAssetTimetable:
    """A run when what is predicted from or the champion changed, whichever days those were."""
    assets = AssetAny(table_asset(MODELS), *list_inputs(model))
    return PartitionedAssetTimetable(assets=assets, default_partition_mapper=FixedKeyMapper(WHOLE))


def ask_predictions() -> dict[str, Param]:
    return {"force": Param(False, type="boolean", title="Predict for everybody", description=FORCE)}


def choose_units(model: str) -> Any:
    """Find the champion, and whose features changed since it last predicted; with another champion it is everybody.

    Skipped, and with it the rest of the run, when there is no champion or nothing changed.
    """
    return place(choose_task, choose_units, list_known(model))(model)


def predict(model: str) -> Any:
    """Predict with the champion's weights. Nobody can see the rows yet."""
    return place(predict_task, predict, list_known(model))(model)


def check(model: str) -> Any:
    """Compare the rows with the features and with the last run's. A rule that fails blocks the publish."""
    return place(check_task, check, list_known(model))(model)


def measure_drift(model: str) -> Any:
    """Compare features and predictions with the champion's training data."""
    return place(drift_task, measure_drift, list_known(model))(model)


def publish(model: str) -> Any:
    """Replace the rows, and keep the drift, in one short transaction. Drift is announced when it begins.

    Skipped when another run was faster, or another champion was promoted meanwhile: that starts a run of its own.
    """
    tables = [table_asset(table.address) for table in find_model(model).tables]
    return place(publish_task, publish, list_known(model), [*tables, table_asset(DRIFTS)])(model)


def list_known(model: str) -> list[Asset]:
    return [*list_inputs(model), table_asset(MODELS)]


@task(task_id="choose_units")
def choose_task(model: str) -> Counts:
    from watershed.flows.models.changed_units import NothingDue
    from watershed.flows.models.changed_units import choose_units as choose

    context = get_current_context()
    choice = choose(begin(model, context), bool(context["params"].get("force")))
    if isinstance(choice, NothingDue):
        raise AirflowSkipException(f"nothing to do: {choice.why}")
    return asdict(choice)


@task(task_id="predict")
def predict_task(model: str) -> Counts:
    from watershed.flows.models.predict import predict as predict_rows

    return predict_rows(begin(model, get_current_context()))


@task(task_id="check")
def check_task(model: str) -> Counts:
    from watershed.flows.models.publish_predictions import PredictionsBroken, check_predictions

    try:
        return check_predictions(begin(model, get_current_context()))
    except PredictionsBroken as error:
        raise AirflowFailException(str(error)) from error


@task(task_id="measure_drift")
def drift_task(model: str) -> Counts:
    from watershed.flows.models.drift import measure_drift as measure

    return asdict(measure(begin(model, get_current_context())))


@task(task_id="publish")
def publish_task(model: str) -> Counts:
    from watershed.flows.models.publish_predictions import publish_predictions
    from watershed.warehouse.publish import Overtaken

    context = get_current_context()
    run = begin(model, context)
    try:
        published = publish_predictions(run)
    except Overtaken as error:
        raise AirflowSkipException(f"nothing to do: {error}") from error
    told, drifted = published.summarize(), [DRIFTS] if published.has_drifted else []
    announced = [*(table.address for table in run.model.tables), *drifted]
    context["task"].outlets = [table_asset(address) for address in announced]
    for address in announced:
        event = context["outlet_events"][table_asset(address)]
        event.extra = dict(told)
        event.add_partitions([WHOLE])
    return told
