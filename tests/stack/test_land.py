"""What `watershed land` says of the files that it is given, and `watershed trace` of where a row came from."""

import os
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.logs import land, make_log
from watershed.cli import main as cli
from watershed.lake.store import open_store


@pytest.mark.servers
def test_a_grown_log_is_told(lake: EmptyLake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noon = land(tmp_path, make_log(30), origin="web-2")
    main("access_logs", "noon")
    log = tmp_path / "access.log"
    log.write_bytes(make_log(50))
    assert cli.main(["land", "access_logs", str(log), "--origin", "web-2"]) == 0
    assert f"begins with all of access.log ({noon}), and takes its place" in capsys.readouterr().out
    main("access_logs", "midnight")
    log.write_bytes(make_log(40))
    assert cli.main(["land", "access_logs", str(log), "--origin", "web-2"]) == 0
    assert "already: nothing is counted twice" in capsys.readouterr().out
    assert cli.main(["land", "access_logs", str(log), "--origin", "web-2", "--separate"]) == 0
    assert "already there" in (told := capsys.readouterr().out) and "not as separate" in told
    assert cli.main(["trace", "core.requests", "--where", "raw_line = 42"]) == 0
    traced = " ".join(capsys.readouterr().out.split())
    assert "origin web-2" in traced
    assert f"instead of access.log, {noon}, with all of which it begins" in traced
    assert cli.main(["ledger", "core.requests"]) == 0
    assert "superseded_by" in capsys.readouterr().out


@pytest.mark.servers
def test_a_bucket_without_a_lake_is_not_made(
    lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATERSHED_BUCKET", "never-prepared")
    (tmp_path / "a.log").write_bytes(make_log(1))
    assert cli.main(["land", "access_logs", str(tmp_path / "a.log"), "--separate"]) == 1
    assert "watershed: there is no bucket never-prepared at http" in capsys.readouterr().err
    open_store().client.create_bucket(Bucket="somebody-elses")
    monkeypatch.setenv("WATERSHED_BUCKET", "somebody-elses")
    assert cli.main(["land", "access_logs", str(tmp_path / "a.log")]) == 1
    assert f"is that of the bucket s3://{lake.environment['WATERSHED_BUCKET']}: set" in capsys.readouterr().err
    assert list(open_store().list("")) == []
    assert "never-prepared" not in {found["Name"] for found in open_store().client.list_buckets()["Buckets"]}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("piped", "there is no such file: did you mean pipe?"),
        ("other/missing.log", "there is no such file, since there is no folder "),
        ("folder", "is a directory: name the files in it"),
        ("pipe", "is a pipe, a socket or a device: write what comes out of it to a file, and land that"),
        ("link", "it is a link to moved.log, which is not there"),
    ],
)
def test_what_is_no_file_is_not_landed(
    name: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("moved.log")
    assert cli.main(["land", "access_logs", str(tmp_path / name)]) == 1
    told = capsys.readouterr()
    assert f"{tmp_path / name}: not landed: " in told.out
    assert sentence in told.out
    assert told.err == "watershed: 1 of 1 file not landed; the reasons are above\n"


def test_a_file_may_be_called_anything(lake: EmptyLake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["bad\udcff.log", "new\nline.log", "day[1]*?.log", "ü %20#x.log", "\u3000.log", "quo'te\"x.log"]
    for number, name in enumerate(names, 1):
        (tmp_path / name).write_bytes(make_log(number))
        assert cli.main(["land", "access_logs", str(tmp_path / name), "--separate"]) == 0
    assert "bad\\xff.log: landed as raw/access_logs/" in capsys.readouterr().out
    store = open_store()
    landed = {store.head(key).name for key in store.list("raw/access_logs/")}
    assert landed == {names[0].replace("\udcff", "\\xff"), *names[1:]}


@pytest.mark.parametrize("origin", ["", "  ", "web\x00", "w" * 101])
def test_an_origin_has_a_name(origin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_bytes(make_log(1))
    assert cli.main(["land", "access_logs", str(tmp_path / "a.log"), "--origin", origin]) == 1
    assert "is not a name of an origin" in capsys.readouterr().out
