"""Where the processes of a home listen, whether they answer somebody without credentials, and what they leave open."""

import ssl
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import httpx
import psutil

from watershed.stack.home import Home, read_ports
from watershed.stack.process import find_family

# How each port keeps others out, by its name in ports.json. A new port needs a line here, and to be tried below.
CERTIFICATE, KEY, PASSWORD, LOGIN, TOKEN, NOBODY = "certificate", "key", "password", "login", "token", "nobody is"
KEPT_BY = {
    "s3": KEY,
    **dict.fromkeys(("master", "volume", "filer", "admin"), CERTIFICATE),
    **dict.fromkeys(("s3.grpc", "master.grpc", "volume.grpc", "filer.grpc", "admin.grpc"), CERTIFICATE),
    "postgres": PASSWORD,
    "kafka": NOBODY,  # Tansu 0.6.0 keeps no users in S3; `watershed status` and docs/production.md say so
    "airflow": LOGIN,
    "monitor": TOKEN,
}
# Read, write, delete and administer, as SeaweedFS's parts would let everybody do: what does a part make of it?
REQUESTS = {
    "master": [
        "GET /dir/assign",
        "GET /dir/lookup?volumeId=1",
        "GET /vol/grow?count=1",
        "GET /col/delete?collection=x",
    ],
    "volume": ["GET /1,01", "POST /1,01", "DELETE /1,01", "GET /status", "GET /admin/status", "GET /metrics"],
    "filer": [
        "GET {raw}",
        "POST {raw}",
        "DELETE {raw}",
        "PUT {raw}",
        "HEAD {raw}",
        "GET /",
        "POST /.tus/x",
        "OPTIONS {raw}",
    ],
    "admin": ["GET /", "GET /api/admin", "POST /api/users", "GET /health", "DELETE /api/s3/buckets/watershed"],
}
METHODS = {
    "s3.grpc": "/messaging_pb.SeaweedS3IamCache/PutIdentity",
    "master.grpc": "/master_pb.Seaweed/VolumeList",
    "volume.grpc": "/volume_server_pb.VolumeServer/VacuumVolumeCheck",
    "filer.grpc": "/filer_pb.SeaweedFiler/LookupDirectoryEntry",
    "admin.grpc": "/worker_pb.WorkerService/WorkerStream",
}


def list_listening(home: Home, servers: list[str]) -> Iterator[tuple[str, str, str]]:
    """Server, address and name of everything that its processes listen on; a port without a name is named `unknown`."""
    names = {port: name for name, port in read_ports(home).items()}
    sockets = read_unix_sockets()
    for server in servers:
        for process in find_family(home, server):
            for one in process.net_connections(kind="inet"):
                if one.status in (psutil.CONN_LISTEN, psutil.CONN_NONE):
                    yield server, str(one.laddr.ip), names.get(one.laddr.port, f"unknown port {one.laddr.port}")
            for inode in list_inodes(process) & sockets.keys():
                yield server, "unix", str(Path(process.cwd()) / sockets[inode])


def list_open(folder: Path) -> list[Path]:
    """Files, folders and sockets below, itself included, that others than the owner may do something with.

    Not what SeaweedFS says of a volume (its size and version, no data): it sets that mode itself, in a closed folder.
    """
    paths = [path for path in (folder, *folder.rglob("*")) if path.suffix != ".vif" and not path.is_symlink()]
    return [path for path in paths if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]


def read_unix_sockets() -> dict[str, str]:
    """Inode to path of all Unix sockets that somebody listens on."""
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return {row[6]: row[7] for row in rows if len(row) > 7 and int(row[3], 16) & 0x10000}


def list_inodes(process: psutil.Process) -> set[str]:
    """Of the sockets that a process has open."""
    found = set()
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(link.readlink().name)
    return {name.removeprefix("socket:[").rstrip("]") for name in found if name.startswith("socket:[")}


def ask_part(port: int, request: str, scheme: str, certificate: tuple[str, str] | None = None) -> httpx.Response | None:
    """The answer of a part of the S3 server, or None where it ends the connection."""
    method, _, path = request.partition(" ")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(*certificate)
    try:
        with httpx.Client(verify=context, timeout=10) as client:
            origin = {} if certificate else {"Origin": "http://127.0.0.1:1"}
            return client.request(method, f"{scheme}://127.0.0.1:{port}{path}", headers=origin)
    except (httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError):
        return None


def call_part(address: str, method: str, certificate: tuple[str, str] | None = None, is_plain: bool = False) -> str:
    """The gRPC status of an empty call; UNAVAILABLE where the connection is refused."""
    if is_plain:
        channel = grpc.insecure_channel(address)
    else:
        trusted = Path(certificate[0]).read_bytes() if certificate else None
        own = (Path(certificate[1]).read_bytes(), trusted) if certificate else (None, None)
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(trusted, *own))
    with channel:
        try:
            channel.unary_unary(method)(b"", timeout=10)
            return "OK"
        except grpc.RpcError as error:
            return str(error.code().name)
