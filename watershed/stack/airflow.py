"""The local Airflow: its four processes, its database and its administrator.

Production starts the same processes its own way; what is here and not in airflow.cfg is only where this home is.
"""

import json
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from watershed.project import find_project
from watershed.stack.home import Home, read_ports, write_private
from watershed.stack.postgres import database_url
from watershed.stack.process import Server, ServerFailed, find_process, pass_variables, read_pid_file

ADMIN = "admin"
# The first starts first. Each with the word that /api/v2/monitor/health has for it.
COMPONENTS = {
    "airflow-api-server": "metadatabase",
    "airflow-scheduler": "scheduler",
    "airflow-dag-processor": "dag_processor",
    "airflow-triggerer": "triggerer",
}
# Log servers of these two would listen on all interfaces; the web server reads the log files itself.
EXTRA_OPTIONS = {"airflow-scheduler": ["--skip-serve-logs"], "airflow-triggerer": ["--skip-serve-logs"]}


def describe_airflow(home: Home, ports: dict[str, int]) -> list[Server]:
    """The four processes, to be started in parallel."""
    environment = list_variables(home, ports)
    return [
        Server(
            name=name,
            command=[sys.executable, "-m", "airflow", name.removeprefix("airflow-"), *EXTRA_OPTIONS.get(name, [])],
            port=ports["airflow"] if name == "airflow-api-server" else None,
            is_ready=partial(is_component_healthy, home, name),
            environment=environment,
            folder=home.folder("airflow"),
        )
        for name in COMPONENTS
    ]


def list_variables(home: Home, ports: dict[str, int]) -> dict[str, str]:
    """What airflow.cfg cannot know: absolute paths, this home's ports, and where (not what) the secrets are."""
    folder, url = home.folder("airflow"), f"http://127.0.0.1:{ports['airflow']}"
    project = find_project()
    variables = {
        "WATERSHED_PROJECT": str(project),
        "WATERSHED_HOME": str(home.path),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW_CONFIG": str(project / "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(project),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(project / "plugins"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__PORT": str(ports["airflow"]),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(folder / "logs" / "dag_processor"),
        # It would let a group write them, whatever the umask says.
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__FAB__CONFIG_FILE": str(folder / "webserver_config.py"),
        # Programs started from a task must not look for Airflow's or our packages elsewhere.
        "PYTHONPATH": str(project),
        "GX_ANALYTICS_ENABLED": "False",
        # Its figures go to the monitor. Whether that listens must not matter to a task that ends: no waiting.
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://127.0.0.1:{ports['monitor']}/v1/metrics",
        # The one secret in an environment, for want of another way: it opens figures and nothing else.
        "OTEL_EXPORTER_OTLP_METRICS_HEADERS": f"authorization=Bearer%20{home.read_secret('monitor')}",
        "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "0.5",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
        "OTEL_METRIC_EXPORT_INTERVAL": "15000",
    }
    return variables | list_secret_commands(home, ports["postgres"])


def list_secret_commands(home: Home, postgres_port: int) -> dict[str, str]:
    """For each secret the command with which Airflow reads it: its value is in no environment."""
    # Not psycopg 3: with it the query behind the page's asset graph fails (3.3.2: "operator does not exist: json #>").
    url = database_url(home, postgres_port, "airflow").replace("postgresql:", "postgresql+psycopg2:", 1)
    write_private(home.secret_file("airflow_database_url"), url)
    home.read_secret("airflow_fernet", make_fernet_key)
    names = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "airflow_database_url",
        "AIRFLOW__CORE__FERNET_KEY_CMD": "airflow_fernet",
        "AIRFLOW__API__SECRET_KEY_CMD": "airflow_session",
        "AIRFLOW__API_AUTH__JWT_SECRET_CMD": "airflow_jwt",
    }
    for name in names.values():
        home.read_secret(name)  # makes it
    return {variable: f"cat {shlex.quote(str(home.secret_file(name)))}" for variable, name in names.items()}


def make_fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def prepare_airflow(home: Home, ports: dict[str, int], report: Callable[[str], None]) -> None:
    """Migrate the database, make the administrator; nothing where these versions of both were prepared like this."""
    done = preparation_file(home)
    wanted = {name: version(name) for name in ("apache-airflow", "apache-airflow-providers-fab")}
    wanted["prepared_by"] = sha256(Path(__file__).with_name("prepare_airflow.py").read_bytes()).hexdigest()
    if done.exists() and json.loads(done.read_text()) == wanted | {"revision": read_revision(home, ports)}:
        return
    report("preparing Airflow's database (once; about 20 s)")
    log_path = home.log_file("airflow-prepare")
    command = [sys.executable, "-m", "watershed.stack.prepare_airflow"]
    with home.open_log("airflow-prepare") as log:
        variables = pass_variables(list_variables(home, ports))
        result = subprocess.run(command, env=variables, cwd=home.path, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if result.returncode:
        raise ServerFailed(f"Airflow's database could not be prepared: see {log_path}")
    write_private(done, json.dumps(wanted | {"revision": read_revision(home, ports)}))


def is_prepared(home: Home) -> bool:
    """Whether its database and administrator were ever made, by this version or an older one."""
    return preparation_file(home).exists()


def preparation_file(home: Home) -> Path:
    return home.path / "airflow" / "prepared.json"


def read_revision(home: Home, ports: dict[str, int]) -> str | None:
    """The schema version of Airflow's database, or None before the first migration."""
    try:
        with psycopg.connect(database_url(home, ports["postgres"], "airflow")) as connection:
            row = connection.execute("select version_num from alembic_version").fetchone()
            return str(row[0]) if row else None
    except psycopg.errors.UndefinedTable:
        return None


def is_component_healthy(home: Home, name: str) -> bool:
    """Healthy, with a heartbeat of the process that runs now: one that was killed stays "healthy" for a while."""
    health = read_health(f"http://127.0.0.1:{read_ports(home)['airflow']}")
    if find_process(home, name) is None:
        return False
    word = COMPONENTS[name]
    report = health.get(word) or {}
    beat = report.get(f"latest_{word}_heartbeat")
    started = (read_pid_file(home, name) or {}).get("started", 0)
    is_fresh = word == "metadatabase" or (beat is not None and datetime.fromisoformat(beat).timestamp() >= started)
    return report.get("status") == "healthy" and is_fresh


def read_health(url: str) -> dict[str, Any]:
    """The web server's own report; empty when it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=10) as response:
            return dict(json.load(response))
    except (OSError, ValueError):
        return {}
