"""How Airflow is set up; that it runs is the end-to-end test's business."""

import configparser
import importlib.util
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.checkout import REPOSITORY
from watershed.stack.airflow import list_variables
from watershed.stack.home import Home

PORTS = {"airflow": 8080, "postgres": 5432, "monitor": 9464}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "a folder with spaces")
    home.folder("secrets")
    return home


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(REPOSITORY / "airflow.cfg")
    return parser


def test_secrets_reach_airflow_by_command_only(home: Home) -> None:
    variables = list_variables(home, PORTS)
    headers = variables.pop("OTEL_EXPORTER_OTLP_METRICS_HEADERS")
    assert headers == f"authorization=Bearer%20{home.read_secret('monitor')}"  # for want of another way
    secrets = {path.read_text() for path in (home.path / "secrets").iterdir()}
    assert not [name for name, value in variables.items() if any(secret in value for secret in secrets)]
    commands = {name: value for name, value in variables.items() if name.endswith("_CMD")}
    assert len(commands) == 4
    for command in commands.values():
        # Split as Airflow does it, without a shell.
        assert subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout in secrets


def test_two_calls_give_the_same_secrets(home: Home) -> None:
    before = {path.name: path.read_text() for path in (home.path / "secrets").iterdir()}
    list_variables(home, PORTS)
    first = {path.name: path.read_text() for path in (home.path / "secrets").iterdir()}
    list_variables(home, PORTS)
    assert before.items() <= first.items()
    assert first == {path.name: path.read_text() for path in (home.path / "secrets").iterdir()}


def test_state_is_in_the_home_and_code_in_the_repository(home: Home) -> None:
    variables = list_variables(home, PORTS)
    in_home = ["AIRFLOW_HOME", "AIRFLOW__LOGGING__BASE_LOG_FOLDER", "AIRFLOW__FAB__CONFIG_FILE"]
    assert all(Path(variables[name]).is_relative_to(home.path) for name in in_home)
    in_repository = ["AIRFLOW_CONFIG", "AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__CORE__PLUGINS_FOLDER"]
    assert all(Path(variables[name]).exists() for name in in_repository)


def test_configuration_names_only_options_that_exist(config: configparser.ConfigParser) -> None:
    """A misspelt option would be ignored silently. Sections of ours and of providers are theirs to judge."""
    spec = importlib.util.find_spec("airflow")
    assert spec is not None and spec.origin is not None
    known = yaml.safe_load((Path(spec.origin).parent / "config_templates" / "config.yml").read_text())
    own = [section for section in config.sections() if section in known]
    assert len(own) >= 6
    assert [(s, option) for s in own for option in config[s] if option not in known[s]["options"]] == []


def test_configuration_is_safe_and_holds_no_secret(config: configparser.ConfigParser) -> None:
    assert config["api"]["host"] == "127.0.0.1"
    assert config["core"]["auth_manager"].endswith("FabAuthManager")
    assert config["api"]["expose_config"] == "False"
    text = (REPOSITORY / "airflow.cfg").read_text()
    settings = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert not [line for line in settings if "secret" in line or "fernet" in line or "sql_alchemy" in line]
