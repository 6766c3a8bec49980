"""What every DAG file promises its readers, and what Airflow must be able to do with it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import DAGS, ROOT
from watershed.airflow.assets import name_bucket
from watershed.airflow.runbooks import format_ways
from watershed.declarations import find_source, load_sources, load_streams, load_tables, tables_of
from watershed.declarations.owners import explain_owner, find_owner

FILES = sorted(DAGS.glob("*.py"))
VERBS = {"ingest", "build", "check", "detect", "train", "predict", "maintain", "replay", "stream", "erase"}
VERBS |= {"carry", "decide"}
HASH_DAGS = """
import logging, sys
logging.disable()
from airflow.dag_processing.dagbag import DagBag
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization
dags = sorted(DagBag(sys.argv[1]).dags.items())
print(*(f"{name}={SerializedDagModel.hash(DagSerialization.to_dict(dag))}" for name, dag in dags))
"""


def list_all_dags(dag_bag: Any) -> list[Any]:
    return [dag_bag.dags[path.stem] for path in FILES]


def test_files_import_without_error(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}


def test_a_file_holds_the_dag_of_its_name(dag_bag: Any) -> None:
    assert sorted(dag_bag.dags) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_names_are_verb_and_noun(path: Path) -> None:
    verb, _, noun = path.stem.partition("_")
    assert verb in VERBS
    assert noun


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_are_short(path: Path) -> None:
    assert 25 <= len(path.read_text().splitlines()) <= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_import_little(path: Path) -> None:
    """Contracts, watershed.airflow, airflow.sdk and the standard library: parsing must stay cheap, DAG files apart."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    allowed = ("airflow.sdk", "contracts", "watershed.airflow")
    foreign = {m for m in modules if not m.startswith(allowed) and m.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_runbook_answers_what_a_person_on_call_asks(path: Path, dag_bag: Any) -> None:
    written = ast.get_docstring(ast.parse(path.read_text())) or ""
    shown, (owner,) = dag_bag.dags[path.stem].doc_md, re.findall(r"^\*\*Owner\*\* (\S+)$", written, re.MULTILINE)
    assert find_owner(owner), explain_owner(owner)
    assert shown.startswith(written.removesuffix(f"**Owner** {owner}"))
    assert shown.rstrip().endswith(f"**Owner** {owner}{format_ways(owner)}")
    assert [shown.count(heading) for heading in ("**When it fails**", "**Safe to rerun?**", "**Owner**")] == [1, 1, 1]
    assert "{" not in shown


@pytest.mark.parametrize("source", sorted(load_sources()))
def test_the_runbook_of_an_ingest_says_what_its_source_is(source: str, dag_bag: Any) -> None:
    """What ingests of a kind have in common is written once, and names the tables and the source of each."""
    shown, written = dag_bag.dags[f"ingest_{source}"].doc_md, (DAGS / f"ingest_{source}.py").read_text()
    assert "**When it fails**" not in written
    assert all(f"`quarantine.{table.name}`" in shown for table in tables_of(find_source(source)))
    told = {"oltp": "the same extract gives the same history", "kafka": f"`watershed replay {source}`"}
    assert told.get(find_source(source).kind, "*Retry refused objects*") in shown


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_shows_its_graph(path: Path, dag_bag: Any) -> None:
    """Every kind of task is called in the file of its DAG, by its name; what follows what is said there too."""
    text = path.read_text()
    ordered = re.search(r" >> |chain\(", text) is not None
    assert ordered or len(dag_bag.dags[path.stem].tasks) == 1


def test_dags_say_when_they_run(dag_bag: Any) -> None:
    for dag in list_all_dags(dag_bag):
        assert dag.start_date is not None, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        assert dag.max_active_runs <= 8, dag.dag_id
        assert dag.is_paused_upon_creation is False, f"{dag.dag_id}: events would be lost while it is paused"
        assert dag.tags, dag.dag_id


def test_tasks_have_owner_retries_docs_and_lineage(dag_bag: Any) -> None:
    for dag in list_all_dags(dag_bag):
        for task in dag.tasks:
            where = f"{dag.dag_id}.{task.task_id}"
            assert f"**Owner** {task.owner}" in dag.doc_md, where
            hands_over = task.task_type == "TriggerDagRunOperator"  # the run that it starts has retries
            is_last_word = task.task_id.startswith("report_") or dag.dag_id == "detect_arrivals" or hands_over
            assert task.retries == 2 or is_last_word, where
            assert task.retry_policy is not None, where
            assert task.execution_timeout is not None, where
            assert task.doc_md or not hasattr(task, "python_callable"), where
            assert task.inlets or task.outlets or task.task_type == "TriggerDagRunOperator", where


def test_every_source_has_its_dag_with_all_steps(dag_bag: Any) -> None:
    for source in load_sources():
        dag = dag_bag.dags[f"ingest_{source}"]
        checks = {f"check_{table.name}" for table in tables_of(find_source(source))}
        last = set() if source in load_streams() else {"report_refused"}  # nothing of a stream is ever refused
        assert {task.task_id for task in dag.tasks} == {"land", "stage", "publish"} | checks | last
        assert dag.get_task("stage").downstream_task_ids == checks
        assert dag.get_task("publish").upstream_task_ids == checks
        assert dag.get_task("publish").downstream_task_ids == last


def test_every_stream_is_watched_and_compared(dag_bag: Any) -> None:
    parity = dag_bag.dags["check_parity"]
    for name, stream in load_streams().items():
        (watched,) = dag_bag.dags[f"ingest_{name}"].timetable.asset_condition.objects
        assert [watcher.trigger.stream for watcher in watched.watchers] == [name]
        chains = {"sample"} | ({"promote"} if stream.layer == "speed" else set())
        groups = {f"{what}_{name}" for what in ("sample", "promote")} & set(parity.task_group.children)
        assert groups == {f"{what}_{name}" for what in chains}


def test_assets_lead_from_raw_to_every_mart(dag_bag: Any) -> None:
    """Follow the task dependencies of the asset graph: an outlet of one task is an inlet of another."""
    from watershed.airflow.assets import mart_asset, raw_asset
    from watershed.warehouse.schema.marts import list_marts

    reached = {raw_asset(source).name for source in load_sources()}
    tasks = [task for dag in list_all_dags(dag_bag) for task in dag.tasks]
    for _ in tasks:
        reached |= {out.name for task in tasks for out in task.outlets if reached & {i.name for i in task.inlets}}
    assert {table.address for table in load_tables().values()} <= reached
    assert {mart_asset(mart).name for mart in list_marts()} <= reached


def test_interactions_lead_to_recommendations_through_the_model(dag_bag: Any) -> None:
    """What the asset graph of the web UI shows of a model. Only one task tells that the champion has changed."""
    tasks = {task.task_id: task for task in dag_bag.dags["train_recommender"].tasks}
    chain = ["core.ratings", "features/recommender", "weights/recommender", "ml.models"]
    steps = ["build_features", "train_model", "announce_champion"]
    for before, after, name in zip(chain, chain[1:], steps, strict=False):
        assert before in {asset.name for asset in tasks[name].inlets}
        assert [asset.name for asset in tasks[name].outlets] == [after]
    assert [name for name, task in tasks.items() if "ml.models" in {asset.name for asset in task.outlets}] == [
        "announce_champion"
    ]
    heard = {asset.name for asset in dag_bag.dags["predict_recommendations"].timetable.asset_condition.objects}
    assert {"ml.models", "core.ratings", "core.watch_minutes"} <= heard


def test_asset_addresses_are_distinct(dag_bag: Any) -> None:
    tasks = [task for dag in list_all_dags(dag_bag) for task in dag.tasks]
    assets = {(asset.name, asset.uri) for task in tasks for asset in [*task.inlets, *task.outlets]}
    assert len({uri for _, uri in assets}) == len(assets) == len({name for name, _ in assets})
    # A process reads the bucket's name once: here it may be that of a lake which another test made.
    assert all(uri.startswith(f"s3://{name_bucket()}/") for _, uri in assets)


def test_dags_survive_serialization(dag_bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in list_all_dags(dag_bag):
        once = DagSerialization.to_dict(dag)
        DagSerialization.validate_schema(once)
        again = DagSerialization.from_dict(once)
        assert again.task_dict.keys() == dag.task_dict.keys()


def test_parsing_is_deterministic() -> None:
    """A DAG whose hash differs from parse to parse fills Airflow's database with versions of itself."""
    parses = [
        subprocess.Popen(
            [sys.executable, "-c", HASH_DAGS, str(DAGS)],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for seed in ("0", "20150517")
    ]
    hashes = [parse.communicate(timeout=120)[0].splitlines()[-1].split() for parse in parses]
    assert [entry.partition("=")[0] for entry in hashes[0]] == [path.stem for path in FILES]
    assert hashes[0] == hashes[1]
