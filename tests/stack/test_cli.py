import argparse
from pathlib import Path
from types import ModuleType

import pytest

from watershed.cli import main as cli
from watershed.cli.old_words import renew_words
from watershed.errors import InvalidInput, NotFound
from watershed.settings import SettingsMissing


def make_command(error: Exception) -> ModuleType:
    """A command that fails this way."""

    def run(args: argparse.Namespace) -> int:
        raise error

    module = ModuleType("fail", "Fail.")
    module.__dict__.update(add_arguments=lambda parser: None, run=run)
    return module


def run_failing(error: Exception, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(cli, "find_commands", lambda: {"fail": make_command(error)})
    return cli.main([*options, "fail"])


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    output = capsys.readouterr().out
    assert end.value.code == 0
    assert {"up", "down", "status"} <= set(cli.find_commands())
    for name, module in cli.find_commands().items():
        assert f"\n    {name}" in output
        assert module.__doc__ and module.__doc__.strip().split("\n")[0].split()[0] in output


@pytest.mark.parametrize("name", cli.find_commands())
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([*name.split(), "--help"])
    assert end.value.code == 0
    assert f"usage: watershed {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InvalidInput("no table `x`:\n  see --help"), "watershed: no table `x`: see --help"),
        (SettingsMissing("WATERSHED_BUCKET is not set"), "watershed: WATERSHED_BUCKET is not set"),
        (NotFound("no source `x`"), "watershed: no source `x`"),
        (OSError("disk full"), "watershed: OSError: disk full (--debug shows where)"),
    ],
)
def test_error_is_one_line(
    error: Exception, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_failing(error, monkeypatch) == 1
    assert capsys.readouterr().err == line + "\n"


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_failing(ValueError("broken"), monkeypatch, "--debug") == 1
    assert "Traceback" in capsys.readouterr().err


def test_debug_may_follow_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "find_commands", lambda: {"fail": make_command(ValueError())})
    assert cli.build_parser().parse_args(["fail", "--debug"]).debug is True
    assert cli.build_parser().parse_args(["--debug", "fail"]).debug is True
    assert cli.build_parser().parse_args(["fail"]).debug is False


def test_interruption_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_failing(KeyboardInterrupt(), monkeypatch) == 130  # type: ignore[arg-type]
    assert capsys.readouterr().err == "watershed: interrupted\n"


def test_an_interruption_says_what_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Python says it, with a sentence or without, and as DuckDB does while a query runs."""
    for error, told in (
        (KeyboardInterrupt("the run goes on in Airflow"), "; the run goes on in Airflow"),
        (KeyboardInterrupt(), "; servers go on"),
        (RuntimeError("Query interrupted"), "; servers go on"),
    ):
        command = make_command(error)  # type: ignore[arg-type]
        command.__dict__["GOES_ON"] = "servers go on"
        monkeypatch.setattr(cli, "find_commands", lambda command=command: {"fail": command})
        assert cli.main(["fail"]) == 130
        assert capsys.readouterr().err == f"watershed: interrupted{told}\n"


@pytest.mark.parametrize("name", ["status", "down"])
def test_a_home_that_is_not_there_is_not_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "new"))
    assert cli.main([name]) == (1 if name == "status" else 0)
    told = capsys.readouterr()
    assert str(tmp_path / "new") in told.out + told.err
    assert "run `watershed up`" in told.err or name == "down"
    assert list(tmp_path.iterdir()) == []


def test_an_argument_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sql", "SELECT '\udcff'"]) == 1
    assert capsys.readouterr().err == "watershed: query is not text in UTF-8: write it in UTF-8\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("promote 3", "models promote 3", ["`watershed promote`"]),
        ("--debug rollback --because=why", "models rollback --reason why", ["`watershed rollback`", "--because"]),
        ("models promote 3 --because why", "models promote 3 --reason why", ["--because"]),
        ("restore x --snapshot 4 --reason y", "tables rollback x --snapshot 4 --reason y", ["`watershed restore`"]),
        ("streams photo_events", "stream status photo_events", ["`watershed streams`"]),
        ("stream photo_events --interval 3", "stream start photo_events --interval 3", ["`watershed stream`"]),
        ("stream start photo_events", "stream start photo_events", []),
        ("tables core.x --reason --because", "tables core.x --reason --because", None),
    ],
)
def test_old_words_are_understood_and_said_to_be_old(
    old: str, new: str, told: list[str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [word for word in renew_words(old.split()) if word != "--debug"] == " ".join(new.split()).replace(
        "--reason why", "--reason=why" if "=" in old else "--reason why"
    ).split()
    lines = capsys.readouterr().err.splitlines()
    assert [word in line for line, word in zip(lines, told or [], strict=True)] == [True] * len(told or [])
    if told is not None:
        assert cli.build_parser().parse_args(old.split()).run == cli.build_parser().parse_args(new.split()).run


def test_help_names_today_s_words_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    named = {line.strip().split("  ")[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")}
    assert {"models promote", "models rollback", "tables rollback", "stream start", "stream status"} <= named
    assert not named & {"promote", "rollback", "restore", "streams", "stream"}
