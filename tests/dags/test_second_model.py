"""A second model has DAGs of its own: two files, which name it, and no other file of the project or of the engine."""

from typing import Any

from tests.models.second_model import find_dags, join_project


def test_its_dags_are_its_own(dag_bag: Any) -> None:
    from airflow.dag_processing.dagbag import DagBag

    with join_project() as model:
        bag: Any = DagBag(str(find_dags(model)))
    assert bag.import_errors == {}
    training, predicting = bag.dags["train_weekdays"], bag.dags["predict_weekdays"]
    assert list_assets(training.get_task("train_model").outlets) == {"weights/weekdays"}
    assert list_assets(predicting.get_task("publish").outlets) == {"ml.weekday_films", "ml.drifts"}
    assert list_assets(training.timetable.asset_condition.objects) == {"core.ratings", "ml.drifts"}
    assert list_assets(predicting.timetable.asset_condition.objects) == {"core.ratings", "ml.models"}
    for own, name in ((training, "train_recommender"), (predicting, "predict_recommendations")):
        assert list_edges(own) == list_edges(dag_bag.dags[name])


def list_assets(assets: Any) -> set[str]:
    return {asset.name for asset in assets}


def list_edges(dag: Any) -> set[tuple[str, str]]:
    return {(task.task_id, other) for task in dag.tasks for other in task.downstream_task_ids}
