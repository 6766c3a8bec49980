"""Training as tasks of `train_recommender`: plan -> features -> check -> train -> judge -> publish -> announce.

Each calls one function of steps/ and tells Airflow what came of it. The asset graph leads from the tables that are
learned from through features and weights to ml.models, which `predict_recommendations` listens to.
"""

from typing import Any

from airflow.sdk import FixedKeyMapper, PartitionedAssetTimetable, get_current_context, task
from airflow.sdk.definitions.asset import AssetAny
from airflow.sdk.exceptions import AirflowSkipException

from watershed.airflow.assets import features_asset, table_asset, weights_asset
from watershed.airflow.ingest import Counts, name_actor
from watershed.airflow.schedules import WHOLE, name_run

LEARNED_FROM = ("core.ratings", "core.watch_minutes")
FEATURES, WEIGHTS = features_asset("recommender"), weights_asset("recommender")
MODELS, DRIFTS = table_asset("ml.models"), table_asset("ml.drifts")


def listen_to_interactions() -> PartitionedAssetTimetable:
    """A run when interactions were published, whichever days they are of, or when drift was found."""
    assets = AssetAny(*map(table_asset, LEARNED_FROM), DRIFTS)
    return PartitionedAssetTimetable(assets=assets, default_partition_mapper=FixedKeyMapper(WHOLE))


def chain_training() -> None:
    """All tasks of the DAG, one after the other."""
    tables = [table_asset(address) for address in LEARNED_FROM]
    planned = plan_training.override(inlets=[*tables, MODELS, DRIFTS])()
    built = build_features.override(inlets=tables, outlets=[FEATURES])()
    checked = check_features.override(inlets=[FEATURES])()
    trained = train_model.override(inlets=[FEATURES], outlets=[WEIGHTS])()
    judged = judge_model.override(inlets=[FEATURES, WEIGHTS, MODELS])()
    published: Any = publish_model.override(inlets=[WEIGHTS])()
    announced = announce_champion.override(inlets=[WEIGHTS], outlets=[MODELS])(published)
    planned >> built >> checked >> trained >> judged >> published >> announced


@task
def plan_training() -> Counts:
    """Skip the run unless enough is new, drift was found, or a person has started it."""
    from watershed.flows.models.plan_training import plan_training as plan

    planned = plan()
    is_asked_for = get_current_context()["dag_run"].run_type == "manual"
    if not (planned["is_due"] or is_asked_for):
        raise AirflowSkipException(f"nothing to do: {planned['reason']}")
    return planned


@task
def build_features() -> Counts:
    """Write what is learned from, as the lake is now, to a file of the run."""
    from watershed.flows.models.build_features import build_features as build

    context = get_current_context()
    built = build(name_run(context))
    context["outlet_events"][FEATURES].extra = built
    return built


@task
def check_features() -> Counts:
    """Evaluate the rules of the features. Whatever breaks one blocks the run, and so do ten times as many as usual."""
    from watershed.flows.models.build_features import check_features as check

    context = get_current_context()
    return check(name_run(context), bool(context["params"].get("accept_growth")))


@task
def train_model() -> Counts:
    """Train every candidate, then the best one again with more data. A repeated try goes on at the last epoch."""
    from watershed.flows.models.train_model import train_model as train

    context = get_current_context()
    trained = train(name_run(context))
    context["outlet_events"][WEIGHTS].extra = trained
    return trained


@task
def judge_model() -> dict[str, Any]:
    """Compare with popularity and the champion on what nobody has learned from, and apply the written rule."""
    from watershed.flows.models.judge_model import judge_model as judge

    return judge(name_run(get_current_context()))


@task
def publish_model() -> dict[str, Any]:
    """Register the version in one short transaction: as champion, or as refused with the reason."""
    from watershed.flows.models.publish_model import publish_model as publish

    context = get_current_context()
    published = publish(name_run(context), name_actor(context))
    print(f"version {published['version']} is {published['state']}: {published['reason']}")
    return published


@task
def announce_champion(published: dict[str, Any]) -> dict[str, Any]:
    """Tell those who predict. Skipped, with the reason, when the version was refused: nothing has changed."""
    if published["state"] != "champion":
        raise AirflowSkipException(f"version {published['version']} was refused: {published['reason']}")
    event = get_current_context()["outlet_events"][MODELS]
    event.extra = published
    event.add_partitions([WHOLE])
    return published
