import argparse
from types import ModuleType

import pytest

from contracts.settings import SettingsMissing
from stack import cli


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
        cli.main([name, "--help"])
    assert end.value.code == 0
    assert f"usage: watershed {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no table `x`:\n  see --help"), "watershed: no table `x`: see --help"),
        (SettingsMissing("WATERSHED_BUCKET is not set"), "watershed: WATERSHED_BUCKET is not set"),
        (KeyError("no source `x`"), "watershed: no source `x`"),
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


def test_status_before_the_first_start_says_what_to_do(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "new"))
    assert cli.main(["status"]) == 1
    assert "run `watershed up`" in capsys.readouterr().err
