import socket
import stat
from pathlib import Path

import pytest

from watershed.stack.home import Home, choose_ports, open_home, read_ports, write_private


def read_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.folder("secrets")
    secret = home.read_secret("s3")
    assert len(secret) == 64
    assert home.read_secret("s3") == secret != home.read_secret("other")
    assert read_mode(home.secret_file("s3")) == 0o600


def test_others_neither_look_into_a_home_nor_pass_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "new" / "home"))
    home = open_home()
    assert [read_mode(path) for path in (home.path, home.path / "secrets", home.folder("logs"))] == [0o700] * 3
    with home.open_log("s3") as log:
        log.write(b"line")
    assert (home.log_file("s3").read_bytes(), read_mode(home.log_file("s3"))) == (b"line", 0o600)


def test_an_older_home_is_closed_with_all_that_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As 711 and 644 were once: modes lose what others had and keep the rest; a link leads nowhere."""
    outside = tmp_path / "outside"
    outside.write_text("of somebody else")
    outside.chmod(0o644)
    home = Home(tmp_path / "home")
    log, program = home.folder("logs") / "s3.log", home.folder("programs") / "run"
    for path, mode in ((log, 0o664), (program, 0o755)):
        path.write_text("")
        path.chmod(mode)
    (home.folder("secrets") / "link").symlink_to(outside)
    home.path.chmod(0o711)
    monkeypatch.setenv("WATERSHED_HOME", str(home.path))
    open_home()
    assert [read_mode(path) for path in (home.path, log, program, outside)] == [0o700, 0o600, 0o700, 0o644]


def test_a_folder_of_others_does_not_become_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's pages, or `/tmp`, are closed because a variable names them; an empty folder is."""
    folder = tmp_path / "public"
    folder.mkdir(mode=0o755)
    page = folder / "index.html"
    page.write_text("<p>")
    monkeypatch.setenv("WATERSHED_HOME", str(folder))
    with pytest.raises(ValueError, match="public is not a home of Watershed and not empty: let WATERSHED_HOME name"):
        open_home()
    assert (read_mode(folder), list(folder.iterdir())) == (0o755, [page])
    page.unlink()
    assert read_mode(open_home().path) == 0o700


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
