import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.empty_lake import open_s3
from watershed.settings import find_home, load_settings, source_url
from watershed.stack.home import Home, open_home, read_ports
from watershed.stack.postgres import DATABASES, admin_url
from watershed.stack.process import find_family, find_process
from watershed.stack.s3_keys import read_people
from watershed.stack.servers import start_storage, stop_stack

pytestmark = pytest.mark.servers
STORAGE = ("s3", "postgres", "kafka")


@pytest.fixture
def second(tmp_path: Path, stack: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Another stack, while the tests' own one runs."""
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "second"))
    home = open_home()
    try:
        start_storage(home)
        yield home
    finally:
        stop_stack(home)


def list_pids(home: Home) -> list[int]:
    return [process.pid for name in STORAGE if (process := find_process(home, name))]


def list_members(home: Home) -> list[psutil.Process]:
    return [process for name in STORAGE for process in find_family(home, name)]


def test_settings_lead_to_bucket_and_databases(stack: Home) -> None:
    settings = load_settings()
    open_s3().head_bucket(Bucket=settings.bucket)
    for url in (settings.catalog_url, source_url("accounts")):
        with psycopg.connect(url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_database_opens_to_its_owner_only(stack: Home) -> None:
    """Each role has its own password, and none is asked less than that."""
    url = source_url("accounts")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace("accounts:", "catalog:", 1))
    with psycopg.connect(admin_url(stack, read_ports(stack)["postgres"])) as connection:
        names = {name for (name,) in connection.execute("select datname from pg_database")}
        assert names >= set(DATABASES)
        methods = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
        assert methods == [("scram-sha-256",)]


def test_every_server_listens_on_loopback_only(stack: Home) -> None:
    listening = [
        connection.laddr.ip
        for process in list_members(stack)
        for connection in process.net_connections(kind="inet")
        if connection.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
    ]
    assert set(listening) == {"127.0.0.1"}
    assert len(listening) >= len(read_ports(stack)) - 2  # all but Airflow's and the monitor's


def test_no_secret_in_logs_or_on_command_lines(stack: Home) -> None:
    secrets = [path.read_text() for path in (stack.path / "secrets").iterdir() if path.name != "people.json"]
    secrets += [person["secret"] for person in read_people(stack).values()]
    assert len(secrets) >= 5
    seen = " ".join(" ".join(process.cmdline()) for process in list_members(stack))
    seen += " ".join(path.read_text(errors="replace") for path in (stack.path / "logs").iterdir())
    assert [secret for secret in secrets if secret in seen] == []


def test_files_with_secrets_are_ours_alone(stack: Home) -> None:
    private = [*(stack.path / "secrets").iterdir(), stack.settings_file, stack.ports_file]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_second_start_changes_nothing(stack: Home) -> None:
    before = list_pids(stack), stack.settings_file.read_text()
    start_storage(stack)
    assert (list_pids(stack), stack.settings_file.read_text()) == before


def test_two_stacks_run_side_by_side(stack: Home, second: Home) -> None:
    assert find_home() == second.path
    assert not set(read_ports(stack).values()) & set(read_ports(second).values())
    assert len({*list_pids(stack), *list_pids(second)}) == 6
    assert len(list_pids(stack)) == 3


def test_killed_servers_come_back_with_their_data(second: Home) -> None:
    settings = load_settings()
    open_s3().put_object(Bucket=settings.bucket, Key="kept", Body=b"water" * 1_000_000)
    with psycopg.connect(settings.catalog_url) as connection:
        connection.execute("create table kept as select 42 as answer")
    ports = read_ports(second)
    for name in STORAGE:
        process = find_process(second, name)
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
    start_storage(second)
    assert read_ports(second) == ports
    assert open_s3().get_object(Bucket=settings.bucket, Key="kept")["Body"].read() == b"water" * 1_000_000
    with psycopg.connect(settings.catalog_url) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_stop_leaves_nothing(second: Home) -> None:
    members = list_members(second)
    assert len(members) > 2
    stop_stack(second)
    alive = [process for process in members if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert alive == []
    assert list_pids(second) == []
    stop_stack(second)  # and again, with nothing to stop


def test_one_start_at_a_time(stack: Home) -> None:
    from watershed.stack.servers import lock_home

    with lock_home(stack), pytest.raises(ValueError, match="another `watershed up` or `down` is at work"):
        start_storage(stack)
