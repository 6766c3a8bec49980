"""Whoever can reach a port of the stack and has nothing else gets nothing: no read, no write, no delete, no admin."""

import stat
from pathlib import Path

import httpx
import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.empty_lake import open_s3
from tests.stack.listening import CERTIFICATE, KEPT_BY, METHODS, REQUESTS, ask_part, call_part, list_listening
from watershed.settings import load_reader, load_settings
from watershed.stack.certificate import Certificate, read_certificate
from watershed.stack.home import Home, read_ports
from watershed.stack.s3_keys import BROKER, BUCKET, TOPICS_BUCKET

pytestmark = pytest.mark.servers
STORAGE = ["s3", "postgres", "kafka"]
RAW = f"/buckets/{BUCKET}/raw/kept"
SECRET = b"somebody's mail address"


@pytest.fixture(scope="module")
def ports(stack: Home) -> dict[str, int]:
    open_s3().put_object(Bucket=BUCKET, Key="raw/kept", Body=SECRET)
    return read_ports(stack)


def test_nobody_listens_where_nobody_knows(stack: Home) -> None:
    """All on loopback, or on a Unix socket whose owner alone may connect."""
    found = sorted(set(list_listening(stack, STORAGE)))
    named = {name for _, address, name in found if address != "unix"}
    assert named == {name for name in KEPT_BY if name not in ("airflow", "monitor")}
    assert {address for _, address, _ in found} == {"127.0.0.1", "unix"}
    sockets = [Path(name) for _, address, name in found if address == "unix"]
    assert [path for path in sockets if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Made as ours are, for another home."""
    home = Home(tmp_path_factory.mktemp("stranger"))
    home.folder("secrets")
    return read_certificate(home)


@pytest.mark.parametrize("part", REQUESTS)
def test_a_part_of_the_s3_server_answers_its_own_certificate_only(
    stack: Home, ports: dict[str, int], stranger: Certificate, part: str
) -> None:
    for request in [text.format(raw=RAW) for text in REQUESTS[part]]:
        assert (plain := ask_part(ports[part], request, "http")) is None or plain.status_code == 400
        assert plain is None or (SECRET not in plain.content and "access-control-allow-origin" not in plain.headers)
        assert ask_part(ports[part], request, "https") is None, request
        assert ask_part(ports[part], request, "https", stranger) is None, request
    harmless = REQUESTS[part][0].format(raw=RAW)
    own = ask_part(ports[part], harmless, "https", read_certificate(stack))
    assert own is not None, "the test asks where nobody is"
    assert part != "filer" or own.content == SECRET
    assert open_s3().get_object(Bucket=BUCKET, Key="raw/kept")["Body"].read() == SECRET


@pytest.mark.parametrize("part", METHODS)
def test_a_part_takes_calls_with_its_certificate_only(
    stack: Home, ports: dict[str, int], stranger: Certificate, part: str
) -> None:
    assert KEPT_BY[part] == CERTIFICATE
    address, method = f"127.0.0.1:{ports[part]}", METHODS[part]
    refused = [call_part(address, method), call_part(address, method, stranger), call_part(address, method, None, True)]
    assert refused == ["UNAVAILABLE"] * 3
    assert call_part(address, method, read_certificate(stack)) not in ("UNAVAILABLE", "DEADLINE_EXCEEDED")


def test_a_part_does_not_take_calls_on_its_socket_either(stack: Home) -> None:
    calls = {part.partition(".")[0]: method for part, method in METHODS.items()}
    sockets = [name for _, address, name in list_listening(stack, ["s3"]) if address == "unix" and "grpc" in name]
    assert len(sockets) == len(calls)
    for name in sockets:
        assert call_part(f"unix:{name}", calls[Path(name).name.split("-")[1]], None, True) == "UNAVAILABLE"


def test_s3_answers_nobody_without_a_key(ports: dict[str, int]) -> None:
    paths = ["/", f"/{BUCKET}", f"/{BUCKET}?list-type=2", f"/{BUCKET}/raw/kept", f"/{BUCKET}?policy", f"/{BUCKET}?cors"]
    paths += [f"/{BUCKET}/raw/kept?uploads", f"/{BUCKET}?delete", "/new-bucket", "/metrics", "/debug/pprof/", "/status"]
    for path in paths:
        for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
            answer = ask_part(ports["s3"], f"{method} {path}", "http")
            if answer is None:  # it ends the connection
                continue
            # Some refusals may be read by any page, whatever the server's settings say; no page may ask more than that.
            assert method != "OPTIONS" or "access-control-allow-origin" not in answer.headers, path
            is_silent = not answer.content and (method == "OPTIONS" or path == "/status")
            assert 400 <= answer.status_code < 500 or is_silent, (method, path, answer.text)
            assert SECRET not in answer.content
    assert open_s3().get_object(Bucket=BUCKET, Key="raw/kept")["Body"].read() == SECRET


@pytest.mark.parametrize("version", ["2010-05-08", "2011-06-15"])
@pytest.mark.parametrize("action", ["ListUsers", "CreateUser", "CreateAccessKey", "AssumeRole", "GetCallerIdentity"])
def test_s3_administers_nothing_for_who_has_no_key(ports: dict[str, int], action: str, version: str) -> None:
    form = {"Action": action, "Version": version, "UserName": "watershed", "RoleArn": "arn:aws:iam::0:role/any"}
    answer = httpx.post(f"http://127.0.0.1:{ports['s3']}/", data=form)
    assert 400 <= answer.status_code < 500 and "AccessKeyId" not in answer.text


@pytest.mark.parametrize(
    "role", ["postgres", "catalog", "accounts", "airflow", "reader", "embedded_postgres", "nobody"]
)
def test_a_database_opens_with_a_password_only(stack: Home, ports: dict[str, int], role: str) -> None:
    for database in ("postgres", "template1", "catalog", "airflow", "accounts"):
        for password in ("", role, "postgres"):
            with pytest.raises(psycopg.OperationalError, match=r"password|no pg_hba.conf entry"):
                psycopg.connect(host="127.0.0.1", port=ports["postgres"], user=role, dbname=database, password=password)
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry for replication"):
        psycopg.connect(f"host=127.0.0.1 port={ports['postgres']} user={role} replication=true password=x")


def test_the_broker_reaches_nothing_of_the_lake(stack: Home, ports: dict[str, int]) -> None:
    """It listens to whoever asks, so its own key opens its own bucket."""
    settings = load_settings()
    own = type(settings)(
        **{**settings.__dict__, "s3_access_key": BROKER, "s3_secret_key": stack.read_secret("s3_broker")}
    )
    client = open_s3(own)
    assert client.list_objects_v2(Bucket=TOPICS_BUCKET)["KeyCount"] > 0
    attempts = [
        lambda: client.get_object(Bucket=BUCKET, Key="raw/kept"),
        lambda: client.put_object(Bucket=BUCKET, Key="raw/kept", Body=b""),
        lambda: client.delete_object(Bucket=BUCKET, Key="raw/kept"),
        lambda: client.list_objects_v2(Bucket=BUCKET),
        lambda: client.delete_bucket(Bucket=BUCKET),
        lambda: client.create_bucket(Bucket="another"),
        lambda: client.put_bucket_policy(Bucket=BUCKET, Policy="{}"),
        lambda: client.copy_object(Bucket=TOPICS_BUCKET, Key="x", CopySource=f"{BUCKET}/raw/kept"),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()
    assert open_s3().get_object(Bucket=BUCKET, Key="raw/kept")["Body"].read() == SECRET
    assert BROKER not in (settings.s3_access_key, load_reader().s3_access_key)
