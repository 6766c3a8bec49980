"""Training as tasks: plan -> features -> check -> train -> judge -> publish -> announce, of the model that is named.

Each calls one function of the flows and tells Airflow what came of it. The asset graph leads from the tables that are
learned from through features and weights to ml.models, which those who predict listen to.
"""

from collections.abc import Callable
from dataclasses import asdict
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from airflow.sdk import FixedKeyMapper, PartitionedAssetTimetable, get_current_context, task
from airflow.sdk.definitions.asset import Asset, AssetAny
from airflow.sdk.exceptions import AirflowSkipException

from watershed.airflow.assets import features_asset, table_asset, weights_asset
from watershed.airflow.ingest import Counts, name_actor
from watershed.airflow.schedules import WHOLE, name_run
from watershed.declarations.registry import DRIFTS, MODELS
from watershed.models.model import find_model

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context

    from watershed.flows.models.begun import ModelRun


def listen_to_inputs(model: str) -> PartitionedAssetTimetable:
    """A run when what the model learns from was published, whichever days that is of, or when drift was found."""
    assets = AssetAny(*list_inputs(model), table_asset(DRIFTS))
    return PartitionedAssetTimetable(assets=assets, default_partition_mapper=FixedKeyMapper(WHOLE))


def list_inputs(model: str) -> list[Asset]:
    return [table_asset(address) for address in find_model(model).inputs]


def plan_training(model: str) -> Any:
    """Skip the run unless enough is new, drift was found, or a person has started it."""
    return place(plan_task, plan_training, [*list_inputs(model), table_asset(MODELS), table_asset(DRIFTS)])(model)


def build_features(model: str) -> Any:
    """Write what is learned from, as the lake is now, to a file of the run."""
    return place(build_task, build_features, list_inputs(model), [features_asset(model)])(model)


def check_features(model: str) -> Any:
    """Evaluate the rules of the features. Whatever breaks one blocks the run, and so do ten times as many as usual."""
    return place(check_task, check_features, [features_asset(model)])(model)


def train_model(model: str) -> Any:
    """Train, as the model's folder says. A repeated try goes on where the last ended."""
    return place(train_task, train_model, [features_asset(model)], [weights_asset(model)])(model)


def judge_model(model: str) -> Any:
    """Compare with the champion on what no weight has seen, and apply the written rule."""
    return place(judge_task, judge_model, [features_asset(model), weights_asset(model), table_asset(MODELS)])(model)


def publish_model(model: str) -> Any:
    """Register the version in one short transaction: as champion, or as refused with the reason."""
    return place(publish_task, publish_model, [weights_asset(model)])(model)


def announce_champion(model: str, published: Any) -> Any:
    """Tell those who predict. Skipped, with the reason, when the version was refused: nothing has changed."""
    return place(announce_task, announce_champion, [weights_asset(model)], [table_asset(MODELS)])(published)


def place(one: Any, about: Any, inlets: list[Asset], outlets: list[Asset] | None = None) -> Callable[..., Any]:
    """The task at its place in the asset graph. Its page shows the docstring of `about`, which DAG files call."""
    placed: Callable[..., Any] = one.override(inlets=inlets, outlets=outlets or [], doc_md=getdoc(about))
    return placed


def begin(model: str, context: "Context") -> "ModelRun":
    """The run of the model that this task belongs to."""
    from watershed.flows.models.begun import begin_model_run

    return begin_model_run(find_model(model), name_run(context), name_actor(context))


@task(task_id="plan_training")
def plan_task(model: str) -> Counts:
    from watershed.flows.models.plan_training import plan_training as plan

    planned = plan(find_model(model))
    is_asked_for = get_current_context()["dag_run"].run_type == "manual"
    if not (planned.is_due or is_asked_for):
        raise AirflowSkipException(f"nothing to do: {planned.reason}")
    return asdict(planned)


@task(task_id="build_features")
def build_task(model: str) -> Counts:
    from watershed.flows.models.build_features import build_features as build

    context = get_current_context()
    built = build(begin(model, context)).summarize()
    context["outlet_events"][features_asset(model)].extra = dict(built)
    return built


@task(task_id="check_features")
def check_task(model: str) -> Counts:
    from watershed.flows.models.build_features import check_features as check

    context = get_current_context()
    return check(begin(model, context), bool(context["params"].get("accept_growth")))


@task(task_id="train_model")
def train_task(model: str) -> Counts:
    from watershed.flows.models.train_model import train_model as train

    context = get_current_context()
    trained = dict(train(begin(model, context)))
    context["outlet_events"][weights_asset(model)].extra = trained
    return trained


@task(task_id="judge_model")
def judge_task(model: str) -> Counts:
    from watershed.flows.models.judge_model import judge_model as judge

    return judge(begin(model, get_current_context())).summarize()


@task(task_id="publish_model")
def publish_task(model: str) -> Counts:
    from watershed.flows.models.publish_model import publish_model as publish

    context = get_current_context()
    published = publish(begin(model, context))
    print(f"version {published.version} is {published.state}: {published.reason}")
    return asdict(published)


@task(task_id="announce_champion")
def announce_task(published: Counts) -> Counts:
    if published["state"] != "champion":
        raise AirflowSkipException(f"version {published['version']} was refused: {published['reason']}")
    event = get_current_context()["outlet_events"][table_asset(MODELS)]
    event.extra = published
    event.add_partitions([WHOLE])
    return published
