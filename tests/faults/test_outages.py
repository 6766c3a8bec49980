"""Servers are killed one after another, the monitor too: pages and the command say which, since when, what works."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from tests.cockpit.conftest import EVERYTHING, open_client
from tests.faults.consumers import wait_until
from tests.faults.own_stack import kill_server, restart_servers, run_stack
from tests.faults.runner import main
from tests.flows.decisions import write_log
from watershed.cli.main import main as command
from watershed.declarations import find_stream
from watershed.flows.ingest.land import land_file
from watershed.flows.streams.health import list_consumers
from watershed.lake.store import open_store
from watershed.settings import load_settings
from watershed.stack.consumers import describe_consumers
from watershed.stack.home import Home, read_ports
from watershed.stack.monitor import describe_monitor
from watershed.stack.servers import start_missing
from watershed.warehouse.ledger import cache as mirror
from watershed.warehouse.publish import prepare

pytestmark = pytest.mark.servers

LOOK_S = 1
TRUTH_S = 180.0  # on a machine that does nothing else, less than a minute
CONSUMER = "stream-watch_events"


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with run_stack() as home:
        prepare(load_settings())
        start_watchers(home)
        yield home


@pytest.fixture(scope="module")
def raw_object(home: Home, tmp_path_factory: pytest.TempPathFactory) -> str:
    landed = land_file("access_logs", write_log(tmp_path_factory.mktemp("log") / "a", 1, bad=2))
    main("access_logs", "ingest_access_logs.first")
    return landed.key


@pytest.fixture
def site(home: Home, raw_object: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    mirror.MIRROR.stop()
    monkeypatch.setattr(mirror.MIRROR, "__dict__", vars(mirror.Mirror()))
    with open_client(EVERYTHING) as client:
        yield client
    mirror.MIRROR.stop()


def start_watchers(home: Home) -> None:
    """The consumer, and a monitor that looks more often than others."""
    monitor = describe_monitor(home, read_ports(home))
    often = [sys.executable, "-m", "watershed", "monitor", "--interval", str(LOOK_S)]
    start_missing(home, [*describe_consumers(home), replace(monitor, command=often)], print)


def read_page(site: TestClient, address: str, code: int = 200) -> str:
    answer = site.get(address)
    assert answer.status_code == code, (address, answer.status_code, answer.text[-500:])
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]).split())


def read_health(site: TestClient) -> str:
    """Of the page Health what is so now: without what was over, and what every alert means."""
    return re.split(r"[0-9]+ over within a week|Every alert", read_page(site, "health"))[0]


def wait_for(site: TestClient, told: Callable[[str], bool]) -> str:
    """Until the page Health says so."""
    wait_until(lambda: told(read_health(site)), lambda: read_health(site), TRUTH_S)
    return read_health(site)


def is_well(page: str) -> bool:
    return "✕ away broker" not in page and "✕ away object" not in page and "✕ away catalogue" not in page


def read_status(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert command(["status"]) == 1
    return capsys.readouterr().err


def test_a_dead_consumer_and_a_broker(home: Home, site: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    wait_for(site, is_well)
    store, stream = open_store(), find_stream("watch_events")
    wait_until(lambda: bool(list_consumers(store, stream)), lambda: "no consumer has told anything", TRUTH_S)
    kill_server(home, CONSUMER)
    kill_server(home, "kafka")
    page = wait_for(site, lambda page: "✕ away broker since" in page and "consumer_dead" in page)
    assert "✕ away consumer of watch_events since" in page
    told = read_status(capsys)
    assert re.search(r"kafka has been away since [0-9: -]+ UTC: streams wait", told)
    assert "Still works while all of them are away: SQL" in told
    assert re.search(r"stream-watch_events has been away since [0-9: -]+ UTC: its messages wait", told)
    restart_servers(home)
    start_watchers(home)
    wait_for(site, lambda page: is_well(page) and "consumer of" not in page)
    assert "✓ read without end" in read_page(site, "health")


def test_an_object_store_that_is_away(
    home: Home, site: TestClient, raw_object: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = f"raw?object={raw_object}&line=1"
    assert "quarantine.requests" in read_page(site, "quarantine/core.requests")
    kill_server(home, "s3")
    page = wait_for(site, lambda page: "lake_unreadable" in page)
    assert "✕ away object store since" in page and "✓ catalogue" in page
    for address in ("tables", "tables/core.requests", "snapshots", "lineage", "quarantine"):
        read_page(site, address)
    text = read_page(site, raw, 503)
    assert re.search(r"The lake has been unreachable since \d\d:\d\d UTC \. These still work: Health , Tables", text)
    assert "s3 has been away since" in read_status(capsys)
    restart_servers(home)
    wait_for(site, lambda page: is_well(page) and "lake_unreadable" not in page)
    assert "GET" in read_page(site, raw)


def test_a_catalogue_and_then_the_monitor(home: Home, site: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    read_page(site, "tables/core.requests")
    kill_server(home, "postgres")
    page = wait_for(site, lambda page: "lake_unreadable" in page)
    assert "✕ away catalogue since" in page
    assert "The lake has been unreachable since" in read_page(site, "tables")
    assert "What it knew is shown as of" in read_page(site, "tables/core.requests")
    text = read_page(site, "snapshots", 503)
    assert "These still work: Health , Tables , Lineage (the tables as they were at" in text
    kill_server(home, "monitor")
    page = wait_for(site, lambda page: "No monitor has answered since" in page)
    assert "✕ away catalogue since" in page and "✕ away monitor since" in page and "✓ object store" in page
    assert "lake_unreadable" in page  # what it knew
    told = read_status(capsys)
    assert re.search(r"monitor has been away since [0-9: -]+ UTC: nobody is told", told)
    assert "postgres has been away since" in told
    restart_servers(home)
    start_watchers(home)
    wait_for(site, lambda page: is_well(page) and "No monitor" not in page)
