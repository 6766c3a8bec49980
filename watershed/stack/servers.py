"""The local stack as a whole: which servers, in which order, and the settings file that says where they are."""

import fcntl
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watershed.errors import InvalidInput
from watershed.stack.airflow import ADMIN, COMPONENTS, describe_airflow, prepare_airflow
from watershed.stack.consumers import describe_consumers, name_consumers
from watershed.stack.home import Home, choose_ports, read_ports, write_private
from watershed.stack.kafka import broker_address, create_topics, declared_topics, describe_kafka
from watershed.stack.monitor import MONITOR, describe_monitor, listen_address
from watershed.stack.people_keys import allow_readers
from watershed.stack.postgres import create_databases, database_url, describe_postgres, init_postgres, reader_url
from watershed.stack.process import Server, find_process, start_process, stop_processes, wait_until_ready
from watershed.stack.readers import READER
from watershed.stack.s3 import PORT_NAMES, describe_s3, s3_address
from watershed.stack.s3_keys import ACCESS_KEY, BUCKET

SERVER_PORTS = {
    "s3": PORT_NAMES,
    "postgres": ["postgres"],
    "kafka": ["kafka"],
    "airflow-api-server": ["airflow"],
    MONITOR: [MONITOR],
}
# In the order of stopping; a line ends before the next one begins. The seconds are what it has to end by itself: tasks
# or batches to finish, data to be flushed. The web server has nothing to lose and takes its time. PostgreSQL's SIGINT:
# disconnect everybody, write everything. The broker's log is in S3.
STOP_MONITOR: list[tuple[dict[str, signal.Signals], int]] = [({MONITOR: signal.SIGTERM}, 10)]
STOP_CONSUMERS = [(dict.fromkeys(name_consumers(), signal.SIGTERM), 30)]
STOP_AIRFLOW: list[tuple[dict[str, signal.Signals], int]] = [
    ({name: signal.SIGTERM for name in COMPONENTS if name != "airflow-api-server"}, 10),
    ({"airflow-api-server": signal.SIGTERM}, 2),
]
STOP_STORAGE = [({"kafka": signal.SIGTERM}, 10), ({"postgres": signal.SIGINT, "s3": signal.SIGTERM}, 60)]
Report = Callable[[str], None]


def start_storage(home: Home, report: Report = lambda line: None) -> None:
    """S3, PostgreSQL and Kafka with their buckets, databases and topics; what runs already is left alone."""
    with lock_home(home):
        init_postgres(home)
        ports = settle_ports(home)
        start_missing(home, [describe_s3(home, ports), describe_postgres(home, ports)], report)
        create_databases(home, ports["postgres"])
        allow_readers(home)
        start_missing(home, [describe_kafka(home, ports)], report)  # S3 holds its messages
        create_topics({"bootstrap.servers": broker_address(ports)}, declared_topics())
        write_settings(home, ports)


def start_airflow(home: Home, report: Report = lambda line: None) -> None:
    """Airflow's processes, on storage that runs."""
    with lock_home(home):
        ports = read_ports(home)
        if any(find_process(home, name) is None for name in COMPONENTS):
            prepare_airflow(home, ports, report)
        start_missing(home, describe_airflow(home, ports), report)


def start_consumers(home: Home, report: Report = lambda line: None) -> None:
    """The processes that read topics without end, on storage that runs."""
    with lock_home(home):
        start_missing(home, describe_consumers(home), report)


def start_monitor(home: Home, report: Report = lambda line: None) -> None:
    """The process that watches all others, when they run."""
    with lock_home(home):
        start_missing(home, [describe_monitor(home, read_ports(home))], report)


def start_missing(home: Home, servers: list[Server], report: Report) -> None:
    """Start in parallel those that do not run; return when all are ready."""
    missing = [server for server in servers if find_process(home, server.name) is None]
    began = time.monotonic()
    if missing:
        report(f"starting {', '.join(server.name for server in missing)}")
    stop_processes(home, {server.name: signal.SIGTERM for server in missing}, seconds=0)  # orphans of a crash
    for server in missing:
        start_process(home, server)
    for server in servers:
        wait_until_ready(home, server)
        if server in missing:
            report(f"{server.name} started ({time.monotonic() - began:.1f} s)")


def stop_stack(home: Home, report: Report = lambda line: None) -> None:
    """Everything of this home, also what a crash left behind."""
    stop_in_order(home, STOP_MONITOR, report)
    stop_consumers(home, report)
    stop_airflow(home, report)
    stop_in_order(home, STOP_STORAGE, report)


def stop_consumers(home: Home, report: Report = lambda line: None) -> None:
    """The processes that read topics without end; each finishes its batch."""
    stop_in_order(home, STOP_CONSUMERS, report)


def stop_airflow(home: Home, report: Report = lambda line: None) -> None:
    """Airflow's processes; the storage goes on."""
    stop_in_order(home, STOP_AIRFLOW, report)


def stop_in_order(home: Home, order: list[tuple[dict[str, signal.Signals], int]], report: Report) -> None:
    with lock_home(home):
        for stops, seconds in order:
            for name in stop_processes(home, stops, seconds):
                report(f"{name} stopped")


def list_servers(home: Home) -> list[Server]:
    """All servers of the stack in the order of starting; raises InvalidInput before the first start."""
    ports = read_ports(home)
    if not ports.keys() >= {name for names in SERVER_PORTS.values() for name in names}:
        raise InvalidInput(f"no stack of this version was ever started in {home.path}: run `watershed up`")
    storage = [describe_s3(home, ports), describe_postgres(home, ports), describe_kafka(home, ports)]
    return [*storage, *describe_airflow(home, ports), *describe_consumers(home), describe_monitor(home, ports)]


def settle_ports(home: Home) -> dict[str, int]:
    """The ports of all servers: those of running ones stay, the others are taken again, or changed when occupied."""
    for server, names in SERVER_PORTS.items():
        if find_process(home, server) is None:
            choose_ports(home, names)
    return read_ports(home)


def write_settings(home: Home, ports: dict[str, int]) -> None:
    """What settings.py reads: every address and secret of this stack."""
    settings = {
        "WATERSHED_BUCKET": BUCKET,
        "WATERSHED_S3_ENDPOINT": s3_address(ports),
        "WATERSHED_S3_REGION": "us-east-1",
        "WATERSHED_S3_ACCESS_KEY": ACCESS_KEY,
        "WATERSHED_S3_SECRET_KEY": home.read_secret("s3"),
        "WATERSHED_CATALOG_URL": database_url(home, ports["postgres"], "catalog"),
        "WATERSHED_READER_CATALOG_URL": reader_url(home, ports["postgres"]),
        "WATERSHED_READER_S3_ACCESS_KEY": READER,
        "WATERSHED_READER_S3_SECRET_KEY": home.read_secret("reader_key"),
        "WATERSHED_MASK_KEY": home.read_secret("mask_key"),
        "WATERSHED_ACCOUNTS_URL": database_url(home, ports["postgres"], "accounts"),
        "WATERSHED_KAFKA_BROKERS": broker_address(ports),
        "WATERSHED_KAFKA_GAP_S": "3",  # this broker shows readers messages that it is still writing
        "WATERSHED_MONITOR_LISTEN": listen_address(ports),
        "WATERSHED_MONITOR_TOKEN": home.read_secret("monitor"),
        "WATERSHED_AIRFLOW_URL": f"http://127.0.0.1:{ports['airflow']}",
        "WATERSHED_AIRFLOW_USER": ADMIN,
        "WATERSHED_AIRFLOW_PASSWORD": home.read_secret("airflow_password"),
    }
    lines = ["# Written by `watershed up` at every start: changes here are lost."]
    lines += [f"{name}={value}" for name, value in settings.items()]
    write_private(home.settings_file, "\n".join(lines) + "\n")


@contextmanager
def lock_home(home: Home) -> Iterator[None]:
    """One command at a time starts or stops the servers of a home."""
    with (home.path / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInput(f"another `watershed up` or `down` is at work in {home.path}: wait for it") from None
        yield
