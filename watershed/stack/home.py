"""The home folder of a local stack: where each server keeps its state, and who may read it."""

import json
import os
import random
import secrets
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from watershed.errors import InvalidInput
from watershed.settings import find_default_home, find_home

# Below Linux's range for outgoing connections (32768-60999), so that no client takes a port that a stack remembers.
PORT_RANGE = range(20_000, 32_000)
# The only port that people type. Everything else, and a second stack, takes any free one.
PREFERRED_PORTS = {"airflow": 8080}
OURS_ALONE = 0o077  # a umask: what is made may be read and written by its owner, and by nobody else


def make_token() -> str:
    return secrets.token_urlsafe(48)


@dataclass(frozen=True)
class Home:
    """Folders and small files below `WATERSHED_HOME`."""

    path: Path

    @property
    def is_default(self) -> bool:
        return self.path == find_default_home()

    @property
    def settings_file(self) -> Path:
        return self.path / "settings.env"

    @property
    def ports_file(self) -> Path:
        return self.path / "ports.json"

    def folder(self, name: str) -> Path:
        """A subfolder, made if missing, ours alone."""
        folder = self.path / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def log_file(self, server: str) -> Path:
        return self.folder("logs") / f"{server}.log"

    def open_log(self, server: str) -> BinaryIO:
        """The end of a server's log, mode 600 from its first byte, whatever the umask is."""
        return open(self.log_file(server), "ab", opener=partial(os.open, mode=0o600))

    def pid_file(self, server: str) -> Path:
        return self.folder("pids") / f"{server}.json"

    def secret_file(self, name: str) -> Path:
        return self.path / "secrets" / name

    def read_secret(self, name: str, make: Callable[[], str] = make_token) -> str:
        """A secret of this stack, made at first use: mode 600, no newline. The usual kind has 64 characters."""
        path = self.secret_file(name)
        if not path.exists():
            write_private(path, make())
        return path.read_text()


def open_home() -> Home:
    """The home that `WATERSHED_HOME` names, made if missing; nobody else can look into it or pass through it.

    Raises InvalidInput for a folder that others use and that has other files.
    """
    home = Home(find_home())
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(home.path.stat().st_mode) & OURS_ALONE:
        close_home(home)
    home.folder("secrets")
    return home


def close_home(home: Home) -> None:
    """Take from others what an older version, or a umask, gave them. Done again where it was interrupted.

    A folder that is not a home may be anything, `/tmp` for instance: it stays as it is.
    """
    if not (home.path / "secrets").exists() and any(home.path.iterdir()):
        raise InvalidInput(
            f"{home.path} is not a home of Watershed and not empty: let WATERSHED_HOME name a new folder"
        )
    for folder, _, files in os.walk(home.path, topdown=False):
        for path in (*(Path(folder, name) for name in files), Path(folder)):
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OURS_ALONE)


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, mode 600 from its first byte."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def choose_ports(home: Home, names: list[str]) -> None:
    """Remember a port for each name: the last one used, else the preferred one, else any; all of them free now."""
    known = read_ports(home)
    preferred = (PREFERRED_PORTS if home.is_default else {}) | known
    for name in names:
        taken = {port for other, port in known.items() if other != name}
        known[name] = find_free_port([preferred[name]] if name in preferred else [], taken)
    write_private(home.ports_file, json.dumps(known, indent=1))


def read_ports(home: Home) -> dict[str, int]:
    return json.loads(home.ports_file.read_text()) if home.ports_file.exists() else {}


def find_free_port(candidates: list[int], taken: set[int]) -> int:
    """The first candidate that nobody listens on, else a random free one."""
    for port in (*candidates, *random.sample(PORT_RANGE, 100)):
        if port not in taken and is_port_free(port):
            return port
    raise InvalidInput("no free port on 127.0.0.1 between 20000 and 32000: stop what occupies them")


def is_port_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: the remains of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
