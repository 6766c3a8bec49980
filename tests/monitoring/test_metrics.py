"""What a Prometheus server reads, over HTTP, and what becomes of figures that are sent."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.runner import main
from tests.flows.decisions import write_log
from tests.flows.messages import ask
from tests.monitoring.desk import Watch
from tests.monitoring.figures import TOTALS, Process
from watershed.flows.ingest.land import land_file
from watershed.monitoring.endpoint import Endpoint, split_address
from watershed.monitoring.metrics import Figures
from watershed.monitoring.otlp import Otlp

Samples = dict[tuple[str, frozenset[str]], float]


NOTHING: frozenset[str] = frozenset()
TABLE = {
    "table_rows": 5,
    "table_bytes": None,
    "table_waiting_seconds": 0,
    "table_promise_seconds": 86_400,
    "quarantine_share": pytest.approx(2 / 7),
    "checks_failed_total": 0,
}


@pytest.fixture
def endpoint(watch: Watch) -> Iterator[str]:
    server = Endpoint(("127.0.0.1", 0), Figures(watch.watcher, watch.otlp), watch.otlp)
    server.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def scrape(url: str) -> Samples:
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    assert len({family.name for family in families}) == len(families)
    return {(s.name, frozenset(s.labels.values())): s.value for family in families for s in family.samples}


@pytest.mark.servers
def test_figures_are_those_of_the_lake(
    module_topics: dict[str, str], watch: Watch, endpoint: str, tmp_path: Path
) -> None:
    land_file("access_logs", write_log(tmp_path / "figures", 9, good=5, bad=2))
    watch.look(hours=1)
    assert 3500 < scrape(endpoint)["watershed_table_waiting_seconds", frozenset(["core.requests"])] < 3700
    main("access_logs", "figures")
    watch.look()
    found = scrape(endpoint)
    table = {name: found[f"watershed_{name}", frozenset(["core.requests"])] for name in TABLE}
    assert table.pop("table_bytes") > 100
    assert table == {name: value for name, value in TABLE.items() if name != "table_bytes"}
    assert found["watershed_rows_total", frozenset(["core.requests", "quarantined"])] == 2
    assert found["watershed_publishes_total", frozenset(["access_logs"])] == 1
    assert found["watershed_stream_lag_messages", frozenset(["watch_events"])] == 0
    assert found["watershed_step_seconds_bucket", frozenset(["publish", "60.0"])] == 1
    assert (found["watershed_lake_readable", NOTHING], found["watershed_publish_queue", NOTHING]) == (1, 0)
    ((waited, held),) = ask("SELECT wait_ms, publish_ms FROM ledger.waits WHERE subject = 'access_logs'")
    assert 0 <= waited < 60_000 and 0 < held < 60_000


@pytest.mark.servers
def test_airflow_sends_its_figures_here(endpoint: str) -> None:
    process = Process()
    process.measure("airflow.task.duration", 1500, dag_id="ingest_accounts", task_id="land")
    process.measure("airflow.task.duration", 40, dag_id="ingest_accounts", task_id="land")
    process.set("airflow.pool.open_slots", 3, pool_name="default")
    send(endpoint, process.encode())
    found = scrape(endpoint)
    task = ("ingest_accounts", "land")
    duration = "airflow_task_duration_milliseconds"
    assert found[f"{duration}_count", frozenset(task)] == 2
    assert found[f"{duration}_sum", frozenset(task)] == 1540
    assert found[f"{duration}_bucket", frozenset([*task, "50.0"])] == 1
    assert found[f"{duration}_bucket", frozenset([*task, "2000.0"])] == 2
    assert found["airflow_pool_open_slots", frozenset(["default"])] == 3
    for wrong, status in (("/v1/metrics", 400), ("/anything", 404)):
        with pytest.raises(urllib.error.HTTPError, match=str(status)):
            send(endpoint, b"no protobuf", wrong)


def send(url: str, body: bytes, path: str = "/v1/metrics") -> None:
    with urllib.request.urlopen(urllib.request.Request(f"{url}{path}", body, method="POST")) as answer:
        assert answer.status == 200


def test_totals_of_several_processes_add_up() -> None:
    """A process that sends totals again and again, one that sends what is new, and one that began before we did."""
    before = Process(TOTALS)
    before.count("airflow.ti.finish", state="success")
    otlp = Otlp()
    otlp.take(before.encode())
    assert otlp.count_by("airflow.ti.finish", "state") == {"success": 0}
    before.count("airflow.ti.finish", state="success")
    totals, new = Process(TOTALS), Process()
    for process in (before, totals, new):
        process.count("airflow.ti.finish", state="success")
        otlp.take(process.encode())
    assert otlp.count_by("airflow.ti.finish", "state") == {"success": 4}
    totals.count("airflow.ti.finish", state="failed")
    otlp.take(totals.encode())
    assert otlp.count_by("airflow.ti.finish", "state") == {"success": 4, "failed": 1}


def test_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watershed.monitoring.otlp.MOST_SERIES", 3)
    otlp, process = Otlp(), Process()
    for number in range(5):
        process.count("airflow.ti.start", task_id=str(number))
    otlp.take(process.encode())
    assert (len(otlp.list_series()), otlp.dropped) == (3, 2)


def test_an_address_needs_host_and_port() -> None:
    assert split_address("[::1]:9464") == ("::1", 9464)
    with pytest.raises(ValueError, match="mend WATERSHED_MONITOR_LISTEN"):
        split_address("9464")
