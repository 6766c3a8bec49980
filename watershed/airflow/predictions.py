"""Predictions as tasks of `predict_recommendations`: choose_users -> predict -> check, measure_drift -> publish.

Each calls one function of steps/ and tells Airflow what came of it. The asset graph leads from the tables that
histories are made of and from ml.models through the staged lists to ml.recommendations.
"""

from airflow.sdk import FixedKeyMapper, Param, PartitionedAssetTimetable, get_current_context, task
from airflow.sdk.definitions.asset import AssetAny
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from watershed.airflow.assets import table_asset
from watershed.airflow.ingest import Counts, name_actor
from watershed.airflow.schedules import WHOLE, name_run

HISTORIES = ("core.ratings", "core.watch_minutes")
MODELS, RECOMMENDATIONS, PREDICTIONS, DRIFTS = (
    f"ml.{name}" for name in ("models", "recommendations", "predictions", "drifts")
)
FORCE = "Predict for everybody, and publish even if scores are far from the last run's: a person has looked at them."


def listen_to_histories() -> PartitionedAssetTimetable:
    """A run when histories or the champion changed, whichever days those were."""
    assets = AssetAny(*(table_asset(address) for address in (MODELS, *HISTORIES)))
    return PartitionedAssetTimetable(assets=assets, default_partition_mapper=FixedKeyMapper(WHOLE))


def ask_predictions() -> dict[str, Param]:
    return {"force": Param(False, type="boolean", title="Predict for everybody", description=FORCE)}


def chain_predictions() -> None:
    """All tasks of the DAG."""
    known = [table_asset(address) for address in (*HISTORIES, MODELS)]
    tables = [table_asset(address) for address in (RECOMMENDATIONS, PREDICTIONS)]
    chosen = choose_users.override(inlets=known)()
    predicted = predict.override(inlets=known)()
    checked = check.override(inlets=known)()
    measured = measure_drift.override(inlets=known)()
    drifts = table_asset(DRIFTS)
    published = publish.override(inlets=known, outlets=[*tables, drifts])()
    chosen >> predicted >> [checked, measured] >> published


@task
def choose_users() -> Counts:
    """Find the champion, and whose history changed since it last predicted; with another champion it is everybody.

    Skipped, and with it the rest of the run, when there is no champion or nothing changed.
    """
    from watershed.flows.models.changed_users import choose_users as choose

    context = get_current_context()
    choice = choose(name_run(context), bool(context["params"].get("force")))
    if choice["users"] == 0:
        raise AirflowSkipException(f"nothing to do: {choice['why']}")
    return choice


@task
def predict() -> Counts:
    """Recommend films to them with the champion's weights. Nobody can see the lists yet."""
    from watershed.flows.models.predict import predict as predict_lists

    return predict_lists(name_run(get_current_context()))


@task
def check() -> Counts:
    """Compare the lists with the histories and with the last run's scores. A rule that fails blocks the publish."""
    from watershed.flows.models.publish_predictions import PredictionsBroken, check_predictions

    try:
        return check_predictions(name_run(get_current_context()))
    except PredictionsBroken as error:
        raise AirflowFailException(str(error)) from error


@task
def measure_drift() -> Counts:
    """Compare histories and scores with the champion's training data."""
    from watershed.flows.models.drift import measure_drift as measure

    return measure(name_run(get_current_context()))


@task
def publish() -> Counts:
    """Replace the lists, and keep them and the drift, in one short transaction. Drift is announced when it begins.

    Skipped when another run was faster, or another champion was promoted meanwhile: that starts a run of its own.
    """
    from watershed.flows.models.publish_predictions import publish_predictions
    from watershed.warehouse.publish import Overtaken

    context = get_current_context()
    try:
        published = publish_predictions(name_run(context), name_actor(context))
    except Overtaken as error:
        raise AirflowSkipException(f"nothing to do: {error}") from error
    announced = [RECOMMENDATIONS, PREDICTIONS, *([DRIFTS] if published["has_drifted"] else [])]
    context["task"].outlets = [table_asset(address) for address in announced]
    for address in announced:
        event = context["outlet_events"][table_asset(address)]
        event.extra = published
        event.add_partitions([WHOLE])
    return published
