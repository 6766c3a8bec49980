import socket
import stat
from pathlib import Path

import pytest

from stack.home import Home, choose_ports, open_home, read_ports, write_private


def read_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.folder("secrets")
    secret = home.read_secret("s3")
    assert len(secret) == 64
    assert home.read_secret("s3") == secret != home.read_secret("other")
    assert read_mode(home.secret_file("s3")) == 0o600


def test_home_lets_others_pass_and_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "home"))
    home = open_home()
    assert read_mode(home.path) == 0o711
    assert read_mode(home.path / "secrets") == 0o700
    assert read_mode(home.log_file("s3").parent) == 0o700


def test_private_file_replaces_a_public_one(tmp_path: Path) -> None:
    path = tmp_path / "settings.env"
    path.write_text("old")
    write_private(path, "new")
    assert (path.read_text(), read_mode(path)) == ("new", 0o600)


def test_ports_are_remembered(tmp_path: Path) -> None:
    home = Home(tmp_path)
    choose_ports(home, ["s3", "postgres"])
    first = read_ports(home)
    choose_ports(home, ["s3", "postgres"])
    assert read_ports(home) == first
    assert len(set(first.values())) == 2


def test_occupied_port_is_exchanged_for_a_free_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    choose_ports(home, ["s3", "postgres"])
    before = read_ports(home)
    with socket.create_server(("127.0.0.1", before["s3"])):
        choose_ports(home, ["s3", "postgres"])
    after = read_ports(home)
    assert after["s3"] != before["s3"]
    assert after["postgres"] == before["postgres"]
