"""Access logs of a number of requests, of which a longer one begins with a shorter one."""

from pathlib import Path
from typing import Any

from watershed.flows.ingest.land import land_file


def make_log(count: int, path: str = "/") -> bytes:
    return b"".join(
        b'10.0.0.%d - - [22/May/2015:%02d:%02d:03 +0000] "GET %s HTTP/1.1" 200 512\n'
        % (n % 250, n // 60 % 24, n % 60, path.encode())
        for n in range(count)
    )


def land(folder: Path, content: bytes, name: str = "access.log", source: str = "access_logs", **about: Any) -> str:
    (folder / name).write_bytes(content)
    return land_file(source, folder / name, **about).key
