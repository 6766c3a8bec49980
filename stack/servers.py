"""The local stack as a whole: which servers, in which order, and the settings file that tells everyone where they are."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from stack.home import Home, choose_ports, read_ports, write_private
from stack.postgres import create_databases, database_url, describe_postgres, init_postgres
from stack.process import find_process, start_process, stop_process, wait_until_ready
from stack.s3 import ACCESS_KEY, BUCKET, PORT_NAMES, describe_s3

AIRFLOW_USER = "admin"
STORAGE_SERVERS = ("s3", "postgres")
SERVER_PORTS = {"s3": PORT_NAMES, "postgres": ["postgres"], "airflow-api-server": ["airflow"]}


def start_storage(home: Home) -> None:
    """S3 and PostgreSQL with their bucket and databases; what runs already is left alone."""
    with lock_home(home):
        init_postgres(home)
        ports = settle_ports(home)
        servers = [describe_s3(home, ports), describe_postgres(home, ports)]
        started = [server for server in servers if find_process(home, server.name) is None]
        for server in started:
            start_process(home, server)
        for server in servers:
            wait_until_ready(home, server)
        create_databases(home, ports["postgres"])
        write_settings(home, ports)


def stop_storage(home: Home) -> None:
    for name in reversed(STORAGE_SERVERS):
        stop_process(home, name)


def settle_ports(home: Home) -> dict[str, int]:
    """The ports of all servers: those of running ones stay, the others are taken again, or changed when occupied."""
    for server, names in SERVER_PORTS.items():
        if find_process(home, server) is None:
            choose_ports(home, names)
    return read_ports(home)


def write_settings(home: Home, ports: dict[str, int]) -> None:
    """What contracts/settings.py reads: every address and secret of this stack."""
    settings = {
        "WATERSHED_BUCKET": BUCKET,
        "WATERSHED_S3_ENDPOINT": f"http://127.0.0.1:{ports['s3']}",
        "WATERSHED_S3_REGION": "us-east-1",
        "WATERSHED_S3_ACCESS_KEY": ACCESS_KEY,
        "WATERSHED_S3_SECRET_KEY": home.read_secret("s3"),
        "WATERSHED_CATALOG_URL": database_url(home, ports["postgres"], "catalog"),
        "WATERSHED_ACCOUNTS_URL": database_url(home, ports["postgres"], "accounts"),
        "WATERSHED_AIRFLOW_DB_URL": database_url(home, ports["postgres"], "airflow"),
        "WATERSHED_AIRFLOW_URL": f"http://127.0.0.1:{ports['airflow']}",
        "WATERSHED_AIRFLOW_USER": AIRFLOW_USER,
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
            raise ValueError(f"another `watershed up` or `down` is at work in {home.path}: wait for it") from None
        yield
