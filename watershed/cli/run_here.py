"""A DAG's steps in this process: no scheduler, no import of Airflow. For tests and debugging."""

import getpass
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from watershed.cli.counts import print_step
from watershed.cli.failed_checks import print_failed_checks
from watershed.declarations import find_source, load_streams
from watershed.errors import NotFound, RunFailed
from watershed.models.model import Model, list_models

if TYPE_CHECKING:
    from watershed.flows.begun import Run
    from watershed.flows.published import Published


def run_here(dag_id: str, first: date | None = None, last: date | None = None, refused: bool = False) -> None:
    """Run the steps of `ingest_<source>`, `build_marts`, `check_parity`, `maintain_lake`, or of a model's DAGs,
    printing their counts.

    Raises NotFound for another DAG, RunFailed when objects were refused or marts could not be built (the others are
    published) or when core differed from its recomputation.
    """
    run_id = name_run(dag_id)
    try:
        choose_steps(dag_id, run_id, first, last, refused)
    finally:
        print_failed_checks([run_id])


def choose_steps(dag_id: str, run_id: str, first: date | None, last: date | None, refused: bool) -> None:
    kind, _, source = dag_id.partition("_")
    if dag_id == "build_marts":
        build_marts(run_id, first, last)
    elif dag_id == "check_parity":
        check_parity(run_id, last)
    elif dag_id == "maintain_lake":
        maintain_lake()
    elif kind == "ingest":
        ingest(find_source(source).name, run_id, first, last, refused)
    elif not run_model(dag_id, run_id):
        known = "ingest_<source>, build_marts, check_parity, maintain_lake and the DAGs of models"
        raise NotFound(f"{dag_id!r} cannot run in process: {known} can")


def run_model(dag_id: str, run_id: str) -> bool:
    """Train or predict with the model whose DAG this is. Returns whether there is one."""
    for model in list_models():
        for own, run in ((model.train_dag, train_here), (model.predict_dag, predict_here)):
            if dag_id == own:
                run(model, run_id)
                return True
    return False


def name_run(what: str) -> str:
    return f"{what}.in-process.{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"


def ingest(source: str, run_id: str, first: date | None, last: date | None, refused: bool) -> None:
    """Raises RunFailed when objects were refused, or when a database is not what it was; the rest is published."""
    from watershed.flows.begun import begin_run
    from watershed.flows.run import run_source

    run = begin_run(source, run_id, getpass.getuser())
    published = run_source(run, show, first=first, last=last, refused=refused)
    if published is not None:
        tell_refused(published)


def publish_steps(run: "Run") -> None:
    """Stage, check and publish what a run has taken. Raises RunFailed as `ingest`."""
    from watershed.flows.run import publish_taken

    tell_refused(publish_taken(run, show))


def tell_refused(published: "Published") -> None:
    sentences = list(published.refused.values())
    if sentences:
        sentences[0] = f"refused {len(sentences)} object{'s'[: len(sentences) > 1]}: {sentences[0]}"
    if sentences := [*sentences, *published.returned]:
        raise RunFailed("; ".join(sentences))


def check_parity(run_id: str, last: date | None, sample_days: int = 2) -> None:
    """Promote what reached the speed layer up to a day (yesterday) and compare a sample of core, stream by stream."""
    from watershed.flows.streams.parity import take_sample, take_speed

    end = datetime.combine(last + timedelta(days=1) if last else datetime.now(UTC).date(), time.min)
    differences: list[str] = []
    for stream in load_streams().values():
        if stream.layer == "speed":
            recompute(stream.name, f"{run_id}.promote", partial(take_speed, before=end))
        differences += recompute(stream.name, f"{run_id}.sample", partial(take_sample, days=sample_days))
    if differences:
        raise RunFailed(f"core differed from its recomputation, which has replaced it: {'; '.join(differences)}")


def recompute(stream: str, run_id: str, take: "Callable[[Run], dict[str, int]]") -> list[str]:
    """Compute the objects taken again and settle. Returns the differences, a sentence each."""
    from watershed.flows.begun import begin_run
    from watershed.flows.run import stage_and_check
    from watershed.flows.streams.parity import list_differences, settle

    run = begin_run(stream, f"{run_id}_{stream}", getpass.getuser())
    if not show(run.id.rpartition(".")[2], lambda: take(run))["objects"]:
        return []
    stage_and_check(run, show)
    show("settle", lambda: settle(run))
    return list_differences(run.id)


def maintain_lake() -> None:
    from watershed.flows.upkeep.compact import maintain

    show("merge_files", maintain)


def train_here(model: Model, run_id: str) -> None:
    """Train whether or not enough is new: a person has asked."""
    from watershed.flows.models.begun import begin_model_run
    from watershed.flows.models.build_features import build_features, check_features
    from watershed.flows.models.judge_model import judge_model
    from watershed.flows.models.publish_model import publish_model
    from watershed.flows.models.train_model import train_model

    run = begin_model_run(model, run_id, getpass.getuser())
    show("build_features", lambda: build_features(run).summarize())
    show("check_features", lambda: check_features(run))
    show("train_model", lambda: train_model(run))
    show("judge_model", lambda: judge_model(run).summarize())
    published = show("publish_model", lambda: publish_model(run))
    print(f"version {published.version} is {published.state}: {published.reason}")


def predict_here(model: Model, run_id: str) -> None:
    """Predict for those whose features changed since the last time, or for all."""
    from watershed.flows.models.begun import begin_model_run
    from watershed.flows.models.changed_units import NothingDue, choose_units
    from watershed.flows.models.drift import measure_drift
    from watershed.flows.models.predict import predict
    from watershed.flows.models.publish_predictions import check_predictions, publish_predictions

    run = begin_model_run(model, run_id, getpass.getuser())
    choice = show("choose_units", lambda: choose_units(run))
    if isinstance(choice, NothingDue):
        print(f"  nothing to do: {choice.why}")
        return
    show("predict", lambda: predict(run))
    show("check", lambda: check_predictions(run))
    show("measure_drift", lambda: measure_drift(run))
    show("publish", lambda: publish_predictions(run).summarize())


def build_marts(run_id: str, first: date | None, last: date | None) -> None:
    """Raises MartsFailed where some could not be built; the others are, and are shown."""
    from watershed.flows.marts import MartsFailed, build_stale_marts

    try:
        show("build_marts", lambda: count_partitions(build_stale_marts(run_id, first, last)))
    except MartsFailed as error:
        print_step("build_marts", "failed", None, count_partitions(error.built))
        raise


def count_partitions(built: dict[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    return {mart: {"partitions": days} for mart, days in built.items()}


def show(step: str, work: Callable[[], Any]) -> Any:
    began = datetime.now(UTC)
    done = work()
    print_step(step, "success", (datetime.now(UTC) - began).total_seconds(), done)
    return done
