"""Every publish is told in OpenLineage: as its schema wants it, in the ledger, and to a receiver that listens."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.lineage.openlineage_schema import make_schema
from watershed.cli.main import main as run_command
from watershed.flows.ingest import announce
from watershed.flows.ingest.land import land_file
from watershed.flows.marts import BuiltPartition, build_mart
from watershed.lineage import events
from watershed.lineage.kept import recall_columns
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

LINES = "02:49:12 127.0.0.1 GET /a.jpg 200\n02:49:13 127.0.0.1 GET /a.jpg 404\nno request\n"
DAY = date(2026, 11, 1)
SCHEMA = Draft202012Validator(make_schema())


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An HTTP server that keeps what is posted to it."""
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()


@pytest.fixture(autouse=True)
def fresh_client(monkeypatch: pytest.MonkeyPatch) -> None:
    announce.open_client.cache_clear()
    monkeypatch.setattr(announce, "silent_until", 0.0)


@pytest.fixture(scope="module", autouse=True)
def loaded(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> EmptyLake:
    """A lake into which one day was loaded."""
    file = tmp_path_factory.mktemp("logs") / "access-2026-11-01.log"
    file.write_text(LINES)
    land_file("access_logs", file)
    main("access_logs", "first")
    return module_lake


def build(run_id: str) -> BuiltPartition:
    built = build_mart("top_pages", run_id, DAY, force=True)
    assert built is not None
    return built


def read_events(run_id: str) -> list[dict[str, Any]]:
    with closing(connect(read_only=True)) as con:
        rows = con.execute("SELECT event_json FROM ledger.lineage_events WHERE run_id = ?", [run_id]).fetchall()
    return [json.loads(text) for (text,) in rows]


def name_facets(dataset: dict[str, Any]) -> set[str]:
    return {*dataset["facets"], *dataset.get("outputFacets", {}), *dataset.get("inputFacets", {})}


def test_events_of_a_load_and_of_a_mart(loaded: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "build_marts")
    monkeypatch.setenv("AIRFLOW_CTX_DAG_RUN_ID", "scheduled")
    built = build("second")
    (load,), (made,) = read_events("first"), read_events("second")
    for event in (load, made):
        assert [error.message for error in SCHEMA.iter_errors(event)] == []

    assert load["job"]["name"] == "access_logs"
    assert [d["name"] for d in load["inputs"]] == ["raw/access_logs"]
    requests, quarantine = load["outputs"]
    assert (requests["namespace"], requests["name"]) == (f"s3://{loaded.bucket}", "lake/core/requests")
    assert requests["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert quarantine["outputFacets"]["outputStatistics"]["rowCount"] == 1
    assert {"schema", "columnLineage", "version", "dataQualityAssertions"} <= name_facets(requests)
    origins = requests["facets"]["columnLineage"]["fields"]["status"]["inputFields"]
    assert sorted((o["name"], o["field"]) for o in origins) == [("raw/access_logs", f) for f in ("fields", "line")]

    assert [d["name"] for d in made["inputs"]] == ["lake/core/requests"]
    assert made["inputs"][0]["facets"]["version"]["datasetVersion"] == str(built.input_snapshot)
    assert made["outputs"][0]["facets"]["version"]["datasetVersion"] == str(built.snapshot)
    assert made["run"]["facets"]["nominalTime"]["nominalStartTime"].startswith("2026-11-01T00:00")
    assert made["run"]["facets"]["parent"]["job"]["name"] == "build_marts"
    assert made["run"]["runId"] != load["run"]["runId"]


def test_events_reach_a_receiver_and_can_be_sent_again(
    monkeypatch: pytest.MonkeyPatch, receiver: tuple[str, list[dict[str, Any]]]
) -> None:
    url, received = receiver
    monkeypatch.setenv("OPENLINEAGE_URL", url)
    build("third")
    (kept,) = read_events("third")
    assert [event["eventType"] for event in received] == ["START", "COMPLETE"]
    assert received[1]["outputs"] == kept["outputs"] and received[1]["run"]["runId"] == kept["run"]["runId"]
    assert all(not list(SCHEMA.iter_errors(event)) for event in received)

    snapshot = kept["outputs"][0]["facets"]["version"]["datasetVersion"]
    assert run_command(["lineage", "--resend", snapshot]) == 0
    assert received[3] == received[1]


def test_a_receiver_that_is_away_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, announce.__name__):
        build("fourth")
        assert not announce.is_wanted()  # for a minute
        for thread in [t for t in threading.enumerate() if t.name == "openlineage"]:
            thread.join()
    assert len(read_events("fourth")) == 1
    assert "was not sent" in caplog.text and "--resend" in caplog.text


def test_what_cannot_be_told_is_published_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(events, "recall_columns", lambda address: {}[address])
    build("fifth")
    assert read_events("fifth") == []
    assert "mart.top_pages is not told in OpenLineage" in caplog.text


def test_kept_lineage_is_what_is_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watershed.lineage.columns import trace_columns

    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path))
    for _ in range(2):
        recall_columns.cache_clear()
        assert recall_columns("mart.top_pages") == trace_columns("mart.top_pages")
    assert len(list((tmp_path / "lineage").iterdir())) == 1
